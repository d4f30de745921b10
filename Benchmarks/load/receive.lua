-- SPDX-License-Identifier: Apache-2.0
-- Receives, and keeps the receipt handles for the load that deletes.

dofile(os.getenv("LOADS") .. "/common.lua")

local handles = io.open(os.getenv("HANDLES"), "wb")

function response(status, headers, body)
    for handle in body:gmatch('"ReceiptHandle":"([^"]+)"') do handles:write(handle, "\n") end
end
