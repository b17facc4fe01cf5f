-- What wrk sends, and how it tells what came of it.
--
--   load.lua METHOD PATTERN [MANY | FIELD]...
--
-- PATTERN is the target; `%d` in it is a number, chosen by MANY:
--   upto=N    1 to N in turn            (a fill, or variants)
--   zipf=N    1 to N as Zipf has them   (popular objects are asked for more often)
--   fresh     never twice
-- FIELD is `Name: value`, where `%d` means the same number. `body=N` sends N bytes of content.
-- Requests are made beforehand where they repeat, so that the script costs little under load.

local TABLE = 65536
local requests, place, made = {}, 0, nil

-- Told apart from a script that always sends the same before `init` runs.
function request()
  if made then return made() end
  place = place % #requests + 1
  return requests[place]
end

local function harmonic(count, exponent)
  local sum, sums = 0, {}
  for rank = 1, count do
    sum = sum + 1 / rank ^ exponent
    sums[rank] = sum
  end
  return sums
end

local function pick(sums)
  local wanted, low, high = math.random() * sums[#sums], 1, #sums
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < wanted then low = middle + 1 else high = middle end
  end
  return low
end

local function make(pattern, fields, body, number)
  local headers = {}
  for name, value in pairs(fields) do headers[name] = value:gsub("%%d", number) end
  return wrk.format(wrk.method, (pattern:gsub("%%d", number)), headers, body)
end

local function numbers(many)
  local kind, count = (many or ""):match("^(%a+)=(%d+)$")
  count = tonumber(count)
  local list = {}
  if kind == "upto" then
    for number = 1, count do list[number] = number end
  elseif kind == "zipf" then
    math.randomseed(7)
    local sums = harmonic(count, 0.99)
    for index = 1, TABLE do list[index] = pick(sums) end
  else
    list[1] = 1
  end
  return list
end

function init(arguments)
  wrk.method = arguments[1]
  local pattern, many, body, fields = arguments[2], nil, nil, {}
  for index = 3, #arguments do
    local word = arguments[index]
    local name, value = word:match("^([%w-]+): (.*)$")
    if name then
      fields[name] = value
    elseif word:match("^body=") then
      body = string.rep("x", tonumber(word:sub(6)))
    elseif word == "login" then
      body = '{"username":"ann","password":"correct horse battery staple"}'
      fields["Content-Type"] = "application/json"
    else
      many = word
    end
  end
  if many == "fresh" then
    local start = os.time() % 100000 * 1000000
    made = function()
      place = place + 1
      return make(pattern, fields, body, start + place)
    end
    return
  end
  for _, number in ipairs(numbers(many)) do
    requests[#requests + 1] = make(pattern, fields, body, number)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "\nMEASURED requests=%d microseconds=%d p50=%d p99=%d p999=%d refused=%d broken=%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
