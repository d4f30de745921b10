# SPDX-License-Identifier: Apache-2.0
# What Martlet's Python runtime needs only when something fails or when user code logs: error
# documents and messages in AWS's words, and the root logger's handler.
import json
import sys
import traceback


class Fault(Exception):
    """An error of the runtime rather than of the handler, with AWS's name for it."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def malformed(handler):
    return Fault(
        "Runtime.MalformedHandlerName",
        "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler)


def conflict(module):
    return Fault(
        "Runtime.BuiltInModuleConflict",
        "Cannot use built-in module %s as a handler module" % module)


def missing(module, function):
    return Fault(
        "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module))


def unloadable(module, error):
    if isinstance(error, SyntaxError):
        return Fault(
            "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error),
            ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)])
    return Fault(
        "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error))


def unreadable(error):
    return Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def unwritable(error):
    return Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def document(error, request_id):
    """The error as the caller of the function will read it."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        kind = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        first = 0
        # The runtime's own frames say nothing about the function.
        while first < len(frames) and (
            frames[first].filename.endswith("/bootstrap.py")
            or frames[first].filename.startswith("<frozen importlib")
        ):
            first += 1
        trace = traceback.format_list(frames[first:])
    return {
        "errorMessage": str(error), "errorType": kind, "requestId": request_id,
        "stackTrace": trace}


def encode(value):
    return json.dumps(value).encode("utf-8")


def header(value):
    """The error type as a header may carry it."""
    return "".join(c for c in value["errorType"] if 32 < ord(c) < 127)


def log(value):
    """One line of log, its breaks as carriage returns, so that it stays one event."""
    text = "[ERROR] %s: %s" % (value["errorType"], value["errorMessage"])
    text = text if value["errorMessage"] else "[ERROR] " + value["errorType"]
    lines = [text, "Traceback (most recent call last):"]
    for entry in value["stackTrace"]:
        for line in entry.split("\n"):
            if line:
                bare = line.lstrip(" ")
                # Leading blanks would be trimmed by log viewers.
                lines.append("\u00a0" * (len(line) - len(bare)) + bare)
    sys.stdout.write("\r".join(lines).replace("\n", "\r") + "\n")
    sys.stdout.flush()


def log_refused(status, reply):
    sys.stdout.write(
        "[ERROR] [LAMBDA_RUNTIME] Failed to post handler success response. Http response code: "
        "%d. %s\n" % (status, reply.decode("utf-8", "replace")))
    sys.stdout.flush()


def set_up_logging(logging, current):
    """Gives the root logger AWS's handler, format and request id."""

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            sys.stdout.write(self.format(record))
            sys.stdout.flush()

    class RequestFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = current.request_id or ""
            return True

    handler = LambdaLoggerHandler()
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n",
        "%Y-%m-%dT%H:%M:%S")
    import time
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)
