-- SPDX-License-Identifier: Apache-2.0
-- The same request again and again; with LIMIT no more than that many.

dofile(os.getenv("LOADS") .. "/common.lua")

local limit = tonumber(os.getenv("LIMIT") or "0")

if limit > 0 then
    local text, sent = nil, 0
    function request()
        text = text or wrk.format()
        sent = sent + 1
        if sent >= limit then finish() end
        return text
    end
end
