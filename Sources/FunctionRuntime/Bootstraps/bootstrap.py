# SPDX-License-Identifier: Apache-2.0
# Martlet's Python runtime: fetches events from the Runtime API and calls the handler.
# Start-up time is the point of its shape: it runs without `site` and touches only modules that
# the interpreter has loaded or compiled in. What only failures need lies in martlet_faults.
import os
import sys
import time

import _socket

_here = os.path.dirname(os.path.abspath(__file__))


def _arrange_path():
    """Gives user code the module path it has on AWS, and the names `site` would have set."""
    task = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    extra = [p for p in os.environ.pop("_MARTLET_PYTHON_PATH", "").split(":") if p]
    rest = [p for p in sys.path if p not in (_here, task)]
    sys.path[:] = [task, "/opt/python", _here] + extra + rest
    import _sitebuiltins
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class Connection:
    """One kept-alive HTTP/1.1 connection to the Runtime API."""

    def __init__(self, address):
        host, _, port = address.partition(":")
        self.host = address
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.rest = b""

    def call(self, method, path, body=b"", headers=""):
        head = "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n" % (
            method, path, self.host, headers, len(body))
        self.socket.sendall(head.encode("latin-1") + body)
        return self._read()

    def _more(self):
        chunk = self.socket.recv(262144)
        if not chunk:
            # The server ended this environment; there is nobody left to tell.
            os._exit(0)
        return chunk

    def _read(self):
        data = self.rest
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            data += self._more()
        lines = data[:end].decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        parts = [data[end + 4:]]
        have = len(parts[0])
        while have < length:
            chunk = self._more()
            parts.append(chunk)
            have += len(chunk)
        body = b"".join(parts)
        self.rest = body[length:]
        return status, headers, body[:length]


class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, source):
        self.cognito_identity_id = source.get("cognitoIdentityId")
        self.cognito_identity_pool_id = source.get("cognitoIdentityPoolId")

    def __repr__(self):
        return "CognitoIdentity([cognito_identity_id=%s,cognito_identity_pool_id=%s])" % (
            self.cognito_identity_id, self.cognito_identity_pool_id)


class Client:
    __slots__ = [
        "installation_id", "app_title", "app_version_name", "app_version_code",
        "app_package_name"]

    def __init__(self, source):
        for name in self.__slots__:
            setattr(self, name, source.get(name))


class ClientContext:
    __slots__ = ["custom", "env", "client"]

    def __init__(self, source):
        self.custom = source.get("custom")
        self.env = source.get("env")
        client = source.get("client")
        self.client = Client(client) if client else None


class LambdaContext:
    """What the handler's second argument tells of the invocation."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id", "")
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = _object(headers.get("lambda-runtime-client-context"))
        self.client_context = ClientContext(client) if client is not None else None
        identity = _object(headers.get("lambda-runtime-cognito-identity"))
        self.identity = CognitoIdentity(identity or {})
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([aws_request_id=%s,function_name=%s,function_version=%s])" % (
            self.aws_request_id, self.function_name, self.function_version)


def _object(text):
    if not text:
        return None
    try:
        # Header values are bytes in latin-1 clothes.
        return _decode(text.encode("latin-1"))
    except Exception:
        return None


def _make_codec():
    """JSON by the interpreter's own C code; the `json` package would load `re` with it."""
    keep_ascii = os.environ.get("AWS_EXECUTION_ENV", "") in (
        "AWS_Lambda_python3.8", "AWS_Lambda_python3.9", "AWS_Lambda_python3.10",
        "AWS_Lambda_python3.11")
    try:
        import _json

        class Settings:
            strict = True
            object_hook = None
            object_pairs_hook = None
            parse_float = float
            parse_int = int
            parse_constant = {
                "NaN": float("nan"), "Infinity": float("inf"),
                "-Infinity": float("-inf")}.__getitem__
            memo = {}

        scan = _json.make_scanner(Settings())
        quote = _json.encode_basestring_ascii if keep_ascii else _json.encode_basestring
        refuse = _refuse

        def decode(body):
            text = body.decode("utf-8").strip(" \t\n\r")
            try:
                value, end = scan(text, 0)
            except StopIteration:
                end = -1
            if end != len(text):
                import json
                return json.loads(text)
            return value

        def encode(value):
            writer = _json.make_encoder(
                {}, refuse, quote, None, ": ", ", ", False, False, True)
            return "".join(writer(value, 0)).encode("utf-8")

        if encode({"a": [1, "b", None]}) != b'{"a": [1, "b", null]}' or decode(b" [1]") != [1]:
            raise ImportError
        return decode, encode
    except Exception:
        import json

        def encode_slowly(value):
            return json.dumps(value, default=_refuse, ensure_ascii=keep_ascii).encode("utf-8")

        return json.loads, encode_slowly


def _refuse(value):
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(value, decimal.Decimal):
        if value.is_nan():
            return float("nan")
        return _exact(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def _exact(value):
    if value == value.to_integral_value() and "E" not in str(value) and "." not in str(value):
        return int(value)
    return float(value)


class _LoggingFinder:
    """Sets up the root logger at the moment that user code imports `logging`, not before."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                import martlet_faults
                martlet_faults.set_up_logging(module, _current)

            spec.loader.exec_module = exec_module
        return spec


class _Current:
    request_id = None


_current = _Current()


def _load(handler):
    """The handler's function; raises a Fault with AWS's words when it is not to be had."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        import martlet_faults
        raise martlet_faults.malformed(handler)
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            import martlet_faults
            raise martlet_faults.conflict(module_name)
        dotted = module_name.replace("/", ".")
        __import__(dotted)
        module = sys.modules[dotted]
    except (ImportError, SyntaxError) as error:
        import martlet_faults
        raise martlet_faults.unloadable(module_name, error)
    try:
        return getattr(module, function_name)
    except AttributeError:
        import martlet_faults
        raise martlet_faults.missing(module_name, function_name)


def _fail_init(connection, error):
    import martlet_faults

    document = martlet_faults.document(error, "")
    martlet_faults.log(document)
    connection.call(
        "POST", "init/error", martlet_faults.encode(document),
        "Lambda-Runtime-Function-Error-Type: %s\r\n" % martlet_faults.header(document))
    sys.exit(1)


def _invoke(connection, handler):
    _, headers, body = connection.call("GET", "invocation/next")
    request_id = headers.get("lambda-runtime-aws-request-id", "")
    _current.request_id = request_id
    trace = headers.get("lambda-runtime-trace-id")
    if trace is not None:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    elif "_X_AMZN_TRACE_ID" in os.environ:
        del os.environ["_X_AMZN_TRACE_ID"]
    try:
        try:
            event = _decode(body)
        except Exception as error:
            import martlet_faults
            raise martlet_faults.unreadable(error)
        result = handler(event, LambdaContext(headers))
        if isinstance(result, bytes):
            answer, kind = result, "application/unknown"
        else:
            kind = "application/json"
            try:
                answer = _encode(result)
            except Exception as error:
                import martlet_faults
                raise martlet_faults.unwritable(error)
    except Exception as error:
        import martlet_faults

        document = martlet_faults.document(error, request_id)
        martlet_faults.log(document)
        sys.stdout.flush()
        connection.call(
            "POST", "invocation/%s/error" % request_id, martlet_faults.encode(document),
            "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n"
            % martlet_faults.header(document))
        return
    sys.stdout.flush()
    status, _, reply = connection.call(
        "POST", "invocation/%s/response" % request_id, answer, "Content-Type: %s\r\n" % kind)
    if status == 413:
        import martlet_faults
        martlet_faults.log_refused(status, reply)


_decode, _encode = _make_codec()


def main():
    _arrange_path()
    sys.meta_path.insert(0, _LoggingFinder())
    # As on AWS every line is on its way when the call that wrote it returns.
    sys.stdout.reconfigure(line_buffering=True)
    handler_name = os.environ.get("_HANDLER", "")
    connection = Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = _load(handler_name)
    except Exception as error:
        _fail_init(connection, error)
    while True:
        _invoke(connection, handler)


main()
