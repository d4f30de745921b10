-- SPDX-License-Identifier: Apache-2.0
-- What all loads share: constant requests with boto3's headers, and a last line for the driver.
-- Operation and body come from the environment, so that one file serves every line of the table.

local operation = os.getenv("OPERATION")

wrk.method = "POST"
wrk.path = "/"
wrk.headers["X-Amz-Target"] = "AmazonSQS." .. operation
wrk.headers["Content-Type"] = "application/x-amz-json-1.0"
wrk.headers["User-Agent"] = "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 " ..
    "md/arch#x86_64 lang/python#3.11.2 md/pyimpl#CPython m/Z,b,e cfg/retry-mode#legacy " ..
    "Botocore/1.43.11"
wrk.headers["X-Amz-Date"] = "20260101T000000Z"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 " ..
    "Credential=test/20260101/us-east-1/sqs/aws4_request, " ..
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, " ..
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
wrk.headers["amz-sdk-invocation-id"] = "0f0e0d0c-0b0a-4908-8706-050403020100"
wrk.headers["amz-sdk-request"] = "attempt=1"

local file = io.open(os.getenv("BODY"), "rb")
wrk.body = file:read("*a")
file:close()

local ffi = require("ffi")
ffi.cdef("int getpid(void); int kill(int process, int signal);")

-- Ends this load's only thread at once, and the main one, which sleeps for the whole duration.
function finish()
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), 2)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        "RESULT %d %d %d %d %d\n", summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50)))
end
