// SPDX-License-Identifier: Apache-2.0
// Martlet's Node.js runtime: fetches events from the Runtime API and calls the handler, over
// one kept-alive socket instead of the `http` module, which costs start-up time.
import { createConnection } from 'node:net';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { format } from 'node:util';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const task = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
const socket = createConnection({ host, port: Number(port), noDelay: true });

let received = Buffer.alloc(0);
let wake = null;
socket.on('data', (chunk) => {
  received = received.length ? Buffer.concat([received, chunk]) : chunk;
  if (wake) wake();
});
// The server ended this environment; there is nobody left to tell.
socket.on('error', () => process.exit(0));
socket.on('close', () => process.exit(0));

const more = () => new Promise((resolve) => { wake = resolve; });

async function call(method, path, body = '', headers = {}) {
  const bytes = Buffer.from(body);
  let head = `${method} /2018-06-01/runtime/${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  socket.write(Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]));
  let end;
  while ((end = received.indexOf('\r\n\r\n')) < 0) await more();
  const lines = received.subarray(0, end).toString('utf8').split('\r\n');
  const answer = { status: Number(lines[0].split(' ')[1]), headers: {} };
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    answer.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = Number(answer.headers['content-length'] ?? 0);
  while (received.length < end + 4 + length) await more();
  answer.body = received.subarray(end + 4, end + 4 + length);
  received = received.subarray(end + 4 + length);
  return answer;
}

let requestId;
function describe(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'stack' in error)) {
    return {
      errorType: error.name ?? 'Error',
      errorMessage: error.message ?? '',
      trace: String(error.stack ?? '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

const typeHeader = (document) => ({
  'Content-Type': 'application/json',
  'Lambda-Runtime-Function-Error-Type': document.errorType.replace(/[^\x21-\x7e]/g, ''),
});

// Each call is one event: breaks inside it become carriage returns.
for (const [method, level] of [
  ['log', 'INFO'], ['info', 'INFO'], ['debug', 'DEBUG'], ['trace', 'TRACE'],
  ['warn', 'WARN'], ['error', 'ERROR'],
]) {
  console[method] = (...values) => {
    const text = format(...values).replaceAll('\n', '\r');
    process.stdout.write(
      `${new Date().toISOString()}\t${requestId ?? 'undefined'}\t${level}\t${text}\n`);
  };
}

const failure = (name, message) => Object.assign(new Error(message), { name });

async function load(handler) {
  const slash = handler.lastIndexOf('/') + 1;
  const dot = handler.indexOf('.', slash);
  if (dot < 0) throw failure('Runtime.MalformedHandlerName', 'Bad handler');
  const stem = join(task, handler.slice(0, dot));
  const names = handler.slice(dot + 1).split('.');
  let module;
  try {
    const file = [stem, `${stem}.js`, `${stem}.mjs`, `${stem}.cjs`].find((path) => existsSync(path) && path !== stem)
      ?? createRequire(join(task, 'x.js')).resolve(stem);
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw Object.assign(failure('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`), { stack: error.stack });
    }
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw Object.assign(failure('Runtime.ImportModuleError', `Error: ${error.message}`), { stack: error.stack });
    }
    throw error;
  }
  const find = (root) => names.reduce((at, name) => at?.[name], root);
  const found = find(module) ?? find(module.default);
  if (found === undefined) throw failure('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw failure('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function fail(path, error) {
  const document = describe(error);
  console.error(path === 'init/error' ? 'Uncaught Exception' : 'Invoke Error', JSON.stringify({
    errorType: document.errorType, errorMessage: document.errorMessage, stack: document.trace }));
  await call('POST', path, JSON.stringify(document), typeHeader(document));
}

process.on('uncaughtException', async (error) => {
  await fail(requestId ? `invocation/${requestId}/error` : 'init/error', error).catch(() => {});
  process.exit(129);
});
process.on('unhandledRejection', (reason) => {
  throw failure('Runtime.UnhandledPromiseRejection', String(reason?.stack ? reason : format(reason)));
});

function context(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function run(handler, event, about) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    Object.assign(about, {
      done: callback, succeed: (value) => resolve(value), fail: (error) => reject(error ?? 'handled') });
    const result = handler(event, about, callback);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
    // A synchronous handler that takes no callback has said all it will.
    else if (handler.length < 3) resolve(result ?? null);
  });
}

let handler;
try {
  handler = await load(process.env._HANDLER ?? '');
} catch (error) {
  await fail('init/error', error);
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  requestId = headers['lambda-runtime-aws-request-id'];
  if (headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  try {
    const value = await run(handler, JSON.parse(body.toString('utf8')), context(headers));
    const text = JSON.stringify(value === undefined ? null : value) ?? 'null';
    const { status, body: reply } = await call('POST', `invocation/${requestId}/response`, text, { 'Content-Type': 'application/json' });
    if (status === 413) console.error('Failed to post handler success response. Http response code: 413.', reply.toString());
  } catch (error) {
    await fail(`invocation/${requestId}/error`, error);
  }
}
