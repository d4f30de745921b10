-- SPDX-License-Identifier: Apache-2.0
-- Deletes what the receiving load got, each message once.

dofile(os.getenv("LOADS") .. "/common.lua")

local bodies = {}
for handle in io.lines(os.getenv("HANDLES")) do
    bodies[#bodies + 1] = wrk.body:gsub("HANDLE", handle)
end
local position = 0

function request()
    position = position + 1
    -- The last ones are asked again by connections that still wait for their turn.
    if position >= #bodies then finish() end
    return wrk.format(nil, nil, nil, bodies[math.min(position, #bodies)])
end
