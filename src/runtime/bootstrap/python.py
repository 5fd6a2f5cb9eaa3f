"""What runs inside a Python execution environment: loads the handler, then runs one invocation after
the other, as Lambda's Python runtime would (docs/reference/python.md). Python 3.9 and later, and
nothing but its standard library. What it says and hears is laid down in ../frames.ts and
../start-mark.ts.

What is imported here is what an interpreter has loaded anyway; the rest comes when it is needed:
json alone takes as long as half of a start.
"""

import io
import os
import sys
import time
from _thread import RLock

IN, OUT, MARK = 3, 4, 5
MARK_OFFSET, REVOKED_OFFSET = 0, 4

JSON, ADOPT = 0x4A, 0x41
READY, INIT_ERROR, RESULT, ERROR, REFUSED, LOG = 0x49, 0x58, 0x44, 0x45, 0x46, 0x4C

PREFIX_BYTES = 13
READ_BYTES = 64 * 1024
#: Lambda's limit for a buffered response: 6 MiB and 100 bytes.
RESPONSE_BYTES_MAX = 6_291_556
#: Longer log text goes out in pieces: a frame has its limit.
LOG_BYTES_MAX = 256 * 1024
#: More than anybody reads, and than a response may hold.
ERROR_CHARS_MAX = 256 * 1024
#: How old the figure of the peak memory may be: asking for it takes as long as a brief handler.
MEMORY_S = 0.05

# --- Frames ---------------------------------------------------------------------------------------


class Input:
    """Frames off fd 3. A long one is read into the place where it stays: nothing is copied twice."""

    def __init__(self):
        self.buffer = bytearray(READ_BYTES)
        self.view = memoryview(self.buffer)
        self.at = self.end = 0

    def frame(self):
        """The next `(type, seq, head, body)`; waits for it. Ends the process with the pipe."""
        prefix = self.take(PREFIX_BYTES)
        length = int.from_bytes(prefix[1:5], "little") - 8
        seq = int.from_bytes(prefix[5:9], "little")
        head_bytes = int.from_bytes(prefix[9:13], "little")
        rest = self.take(length)
        return prefix[0], seq, str(rest[:head_bytes], "latin-1"), rest[head_bytes:]

    def take(self, count):
        """That many bytes, valid until the next call."""
        if count > READ_BYTES:
            return self.take_long(count)
        if self.end - self.at < count:
            kept = self.end - self.at
            self.buffer[:kept] = self.buffer[self.at : self.end]
            self.at, self.end = 0, kept
            while self.end < count:
                self.end += read_some(self.view[self.end :])
        start = self.at
        self.at += count
        return self.view[start : self.at] if count > PREFIX_BYTES else bytes(self.view[start : self.at])

    def take_long(self, count):
        whole = memoryview(bytearray(count))
        filled = self.end - self.at
        whole[:filled] = self.view[self.at : self.end]
        self.at = self.end = 0
        while filled < count:
            filled += read_some(whole[filled:])
        return whole


def read_some(place):
    try:
        count = os.readv(IN, [place])
    except ConnectionError:
        count = 0
    # The server is gone, or wants no more of this environment.
    if count == 0:
        os._exit(0)
    return count


#: Threads of the function log too.
sending = RLock()


def send(kind, seq, head, body):
    """Writes a frame, blocking until the kernel has all of it: it survives the death of this process."""
    start = bytearray(PREFIX_BYTES)
    start[0] = kind
    start[1:5] = (8 + len(head) + len(body)).to_bytes(4, "little")
    start[5:9] = seq.to_bytes(4, "little")
    start[9:13] = len(head).to_bytes(4, "little")
    start += head.encode("latin-1")
    with sending:
        try:
            sent = os.writev(OUT, [start, body])
            if sent == len(start) + len(body):
                return
            rest = memoryview(bytes(start) + bytes(body))
            while sent < len(rest):
                sent += os.write(OUT, rest[sent:])
        except ConnectionError:
            os._exit(0)


def mark_started(seq):
    """Says that the handler is about to be called: after this it counts as begun. False when the
    server has taken the invocation back; then it must not be called."""
    try:
        os.pwrite(MARK, seq.to_bytes(4, "little"), MARK_OFFSET)
        return int.from_bytes(os.pread(MARK, 4, REVOKED_OFFSET), "little") < seq
    except OSError:
        # Without a mark the handler must not be called; and without one it can run elsewhere.
        os._exit(70)


# --- Logs -----------------------------------------------------------------------------------------

running_seq = 0
running_id = None
is_fork = False


def log(text):
    write_log(text.encode("utf-8", "backslashreplace"))


def write_log(data):
    if is_fork:
        # A process of the function's own: its words would tear the frames of this one apart.
        os.write(1, data)
        return
    for at in range(0, len(data), LOG_BYTES_MAX):
        send(LOG, running_seq, "", data[at : at + LOG_BYTES_MAX])


class LogStream(io.RawIOBase):
    """`sys.stdout` and `sys.stderr`: what is written goes with its invocation, line by line. Half a
    line, such as each part of a `print`, is held until the rest comes, or `flush`."""

    def __init__(self, fd):
        self.fd = fd
        self.pending = b""

    def writable(self):
        return True

    def fileno(self):
        return self.fd

    def write(self, data):
        data = bytes(data)
        lines_end = data.rfind(b"\n") + 1
        with sending:
            whole, self.pending = self.pending + data[:lines_end], data[lines_end:]
            if lines_end == 0 and len(whole) + len(self.pending) < LOG_BYTES_MAX:
                self.pending = whole + self.pending
            elif whole:
                write_log(whole)
        return len(data)

    def flush(self):
        with sending:
            rest, self.pending = self.pending, b""
            if rest:
                write_log(rest)


streams = [
    io.TextIOWrapper(LogStream(fd), "utf-8", "backslashreplace", newline="\n", write_through=True)
    for fd in (1, 2)
]


def flush_logs():
    for stream in streams:
        stream.buffer.flush()


def after_fork():
    global is_fork, sending
    is_fork = True
    # Held by whichever thread was writing, and none but this one came along.
    sending = RLock()
    for stream in streams:
        stream.buffer.pending = b""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (IN, OUT, MARK):
        os.dup2(nowhere, fd, inheritable=False)
    os.close(nowhere)


class LoggingHook:
    """Sets logging up as soon as anybody imports it."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            set_logging_up(module)

        spec.loader.exec_module = exec_module
        return spec


def set_logging_up(logging):
    """The root logger as Lambda's Python runtime leaves it: one handler, times in UTC."""

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            try:
                text = self.format(record)
            except Exception:
                self.handleError(record)
            else:
                log(text)

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = running_id or ""
            record.tenant_id = None
            return True

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json_line(logging, self, record)

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    if is_json_log():
        handler.setFormatter(JsonFormatter(datefmt="%Y-%m-%dT%H:%M:%SZ"))
    else:
        line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level and isinstance(logging.getLevelName(level), int):
        root.setLevel(level)
    root.addHandler(handler)


def is_json_log():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def json_line(logging, formatter, record):
    import json

    line = {
        "timestamp": formatter.formatTime(record, formatter.datefmt),
        "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
        "message": record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info:
        import traceback

        kind, error, trace = record.exc_info
        line["stackTrace"] = traceback.format_tb(trace)
        line["errorType"] = kind and kind.__name__
        line["errorMessage"] = str(error)
    line["requestId"] = record.aws_request_id
    if record.exc_info:
        line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
    # What the caller gave as `extra`.
    own = vars(logging.makeLogRecord({})).keys() | {"aws_request_id", "tenant_id"}
    for key, value in vars(record).items():
        if key not in own and key not in line:
            line[key] = value
    shown = {key: value for key, value in line.items() if value is not None}
    return json.dumps(shown, ensure_ascii=False) + "\n"


# --- Errors ---------------------------------------------------------------------------------------


class Fault(Exception):
    """An error that the runtime, and not the user's code, found."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


def error_json(error, request_id):
    """In this order, and the class without its module: both are part of Lambda's contract."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        kind, trace = type(error).__name__, trace_of(error)
    message = str(error)
    if len(message) > ERROR_CHARS_MAX:
        message = message[:ERROR_CHARS_MAX] + "…"
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def trace_of(error):
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    while len(frames) > 1 and frames[0].filename == __file__:
        del frames[0]
    # As plain tuples they come without the marks below the line that newer versions add.
    return traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])


def log_error(error):
    if is_json_log():
        time_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return log(to_json({"timestamp": time_text, "log_level": "ERROR", **error}) + "\n")
    first = "[ERROR] " + error["errorType"]
    if error["errorMessage"]:
        first += ": " + error["errorMessage"]
    lines = [first, "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines() or [""]:
            text = line.lstrip(" ")
            # Spaces at the beginning of a line would be taken away on the way to the log.
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    # One event to the log: carriage returns keep its lines together.
    log("\r".join(lines).replace("\n", "\r") + "\n")


# --- JSON -----------------------------------------------------------------------------------------

#: Stands around a number that is to be written as it is; nobody else can know it.
raw_mark = ""
keeps_unicode = False


def to_json(value):
    import json

    has_raw = False

    def default(other):
        nonlocal has_raw
        if isinstance(other, bytes):
            return str(other, "utf-8")
        decimal = sys.modules.get("decimal")
        if decimal is None or not isinstance(other, decimal.Decimal):
            raise TypeError(f"Object of type {type(other).__name__} is not JSON serializable")
        if other.is_nan():
            return float("nan")
        has_raw = True
        return raw_mark + str(other) + raw_mark

    text = json.dumps(value, default=default, ensure_ascii=not keeps_unicode)
    if not has_raw:
        return text
    return text.replace('"' + raw_mark, "").replace(raw_mark + '"', "")


def prepare_json():
    global raw_mark, keeps_unicode
    import json  # noqa: F401: not in the time of the first invocation

    raw_mark = "raw-" + os.urandom(16).hex()
    version = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
    keeps_unicode = version.isdigit() and int(version) >= 12


def marshal(value):
    if isinstance(value, bytes):
        return value
    try:
        return to_json(value).encode("utf-8")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def unmarshal(body):
    import json

    try:
        return json.loads(str(body, "utf-8"))
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


# --- The context object ---------------------------------------------------------------------------


class Fields:
    def __init__(self, given):
        for name in self.__slots__:
            setattr(self, name, given.get(name))

    def __repr__(self):
        shown = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{shown}])"


class CognitoIdentity(Fields):
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]


class Client(Fields):
    __slots__ = [
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    ]


class ClientContext(Fields):
    __slots__ = ["custom", "env", "client"]

    def __init__(self, given):
        super().__init__(given)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext:
    def __init__(self, request_id, timeout_ms, arn, client_context):
        env = os.environ
        self.aws_request_id = request_id
        self.log_group_name = env.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = arn
        self.tenant_id = None
        self.client_context = client_context
        self.identity = CognitoIdentity({})
        self._deadline_ms = time.time() * 1000 + timeout_ms

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline_ms - time.time() * 1000))

    def log(self, message):
        log(str(message))

    def __repr__(self):
        names = "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb"
        names += " function_version invoked_function_arn client_context identity tenant_id"
        shown = ",".join(f"{name}={getattr(self, name)}" for name in names.split())
        return f"{type(self).__name__}([{shown}])"


def read_client_context(base64):
    if base64 == "":
        return None
    import json
    from binascii import a2b_base64

    try:
        given = json.loads(str(a2b_base64(base64), "utf-8"))
        return None if given is None else ClientContext(given)
    except Exception as error:
        message = f"Unable to parse Client Context JSON: {error}"
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from None


# --- An invocation --------------------------------------------------------------------------------


def run(handler, seq, head, body):
    global running_seq, running_id
    running_seq, running_id, timeout_ms, trace_id, arn, client_context = seq, *head.split("\n")
    start = time.perf_counter()
    kind = RESULT
    try:
        set_trace_id(trace_id, running_id)
        context = LambdaContext(
            running_id, float(timeout_ms), arn, read_client_context(client_context)
        )
        event = unmarshal(body)
        if not mark_started(seq):
            running_seq, running_id = 0, None
            return send(REFUSED, seq, "", b"")
        answer = marshal(handler(event, context))
        if len(answer) > RESPONSE_BYTES_MAX:
            kind, answer = ERROR, response_too_large()
    except Exception as error:
        failure = error_json(error, running_id)
        log_error(failure)
        kind, answer = ERROR, to_json(failure).encode("utf-8", "backslashreplace")
    flush_logs()
    running_seq, running_id = 0, None
    send(kind, seq, measured(start), answer)


def response_too_large():
    """As the platform words it; the runtime is not to blame, so it has no trace."""
    return to_json(
        {
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            f"({RESPONSE_BYTES_MAX} bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
    ).encode()


def set_trace_id(trace_id, request_id):
    fields = dict(part.partition("=")[::2] for part in trace_id.split(";"))
    span = request_id[:8] + request_id[9:13] + request_id[14:18]
    text = f"Root={fields.get('Root', '')};Parent={span};Sampled={fields.get('Sampled', '0')}"
    env = os.environ
    # Past putenv: the C library keeps every value that a variable ever had, for ever.
    env._data[env.encodekey("_X_AMZN_TRACE_ID")] = env.encodevalue(text)


peak_kib = 0
peak_read_s = -MEMORY_S


def measured(start):
    """Duration in milliseconds and peak memory in KiB, as the head of a frame."""
    global peak_kib, peak_read_s
    now = time.perf_counter()
    if now - peak_read_s > MEMORY_S:
        peak_kib, peak_read_s = peak_memory_kib(), now
    return f"{(now - start) * 1000:.3f}\n{peak_kib}"


def peak_memory_kib():
    try:
        # Not getrusage: what this process was a copy of before exec counts there, the whole server.
        with open("/proc/self/status", "rb") as status:
            text = status.read()
        at = text.index(b"VmHWM:") + 6
        return int(text[at : text.index(b"kB", at)])
    except (OSError, ValueError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak


# --- The start ------------------------------------------------------------------------------------


def load_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {reason}")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    module = import_module(module_name)
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def import_module(name):
    from importlib import import_module as import_by_name

    try:
        return import_by_name(name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{name}': {error}{missing_hint(error)}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        message = f"Syntax error in module '{name}': {error}"
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None


def missing_hint(error):
    """Lambda's managed runtimes bring the SDK along, so projects do not list it."""
    package = (error.name or "").split(".")[0]
    if package not in ("boto3", "botocore"):
        return ""
    return f"\nLambda provides {package} to functions and this machine does not: pip install {package}"


def fix_path(old_env):
    """`sys.path` as on Lambda: the task root first, then layers, then PYTHONPATH."""
    env = os.environ
    own = ["", os.path.dirname(__file__), *entries_of(old_env)]
    rest = [entry for entry in sys.path if entry not in own]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    layers = [f"/opt/python/lib/{version}/site-packages", "/opt/python"]
    first = [env.get("LAMBDA_TASK_ROOT", os.getcwd()), *filter(os.path.isdir, layers)]
    sys.path[:] = list(dict.fromkeys([*first, *entries_of(env), *rest]))


def entries_of(env):
    return [entry for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry]


def adopt(given):
    """Becomes the interpreter of a function, as if it had been started for it."""
    import json

    wanted = json.loads(str(given, "utf-8"))
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    time.tzset()


def wait_for_adoption(frames):
    # All that a handler may need of this file, so that it takes none of the function's time.
    import importlib.util  # noqa: F401
    import json  # noqa: F401
    import logging
    import traceback  # noqa: F401

    kind, _, _, body = frames.frame()
    if kind != ADOPT:
        os._exit(70)
    adopt(body)
    set_logging_up(logging)


def leave_if_orphaned():
    """The server may have died before the kernel was asked to end this process with it."""
    parent = os.environ.pop("SPILLWAY_PARENT", None)
    if parent is not None and os.getppid() != int(parent):
        os._exit(0)


def start(frames):
    old_env = dict(os.environ)
    since = time.perf_counter()
    if os.environ.pop("SPILLWAY_SPARE", "") == "1":
        wait_for_adoption(frames)
        since = time.perf_counter()
    else:
        sys.meta_path.insert(0, LoggingHook())
    fix_path(old_env)
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        fail_init(error)
    flush_logs()
    send(READY, 0, measured(since), b"")
    prepare_json()
    return handler


def fail_init(error):
    import logging

    prepare_json()
    failure = error_json(error, "")
    logging.warning(
        "LAMBDA_WARNING: Unhandled exception. "
        "The most likely cause is an issue in the function code."
    )
    log_error(failure)
    send(INIT_ERROR, 0, "", to_json(failure).encode("utf-8", "backslashreplace"))
    sys.exit(1)


def main():
    leave_if_orphaned()
    # A handler's module may have this name too.
    del sys.modules[__name__]
    for fd in (IN, OUT):
        os.set_blocking(fd, True)
    for fd in (IN, OUT, MARK):
        # Programs that the function starts are to know nothing of them.
        os.set_inheritable(fd, False)
    os.register_at_fork(after_in_child=after_fork)
    sys.stdout, sys.stderr = streams
    frames = Input()
    handler = start(frames)
    while True:
        kind, seq, head, body = frames.frame()
        if kind == JSON:
            run(handler, seq, head, body)
