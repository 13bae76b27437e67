-- Requests for wrk: wrk … URL -- REQUESTS nonce|cached|healthz

local count = 0

function setup(thread)
    count = count + 1
    thread:set("number", count)
end

local kind
local headers = { ["Content-Type"] = "application/ocsp-request" }

function init(arguments)
    dofile(arguments[1])
    kind = arguments[2]
    math.randomseed(number * 7919 + os.time())
end

local function octets(value)
    return string.char(
        math.floor(value / 16777216) % 256,
        math.floor(value / 65536) % 256,
        math.floor(value / 256) % 256,
        value % 256
    )
end

function request()
    if kind == "healthz" then
        return wrk.format("GET", "/healthz")
    end
    if kind == "cached" then
        -- As many as can be kept; some of the numbers between them were used, some were not.
        local body = cached_before .. octets(first + math.random(0, hot - 1)) .. cached_behind
        return wrk.format("POST", "/", headers, body)
    end
    local nonce = {}
    for place = 1, 8 do
        nonce[place] = octets(math.random(0, 2147483647))
    end
    local body = before
        .. octets(first + math.random(0, last - first))
        .. between
        .. table.concat(nonce)
        .. behind
    return wrk.format("POST", "/", headers, body)
end
