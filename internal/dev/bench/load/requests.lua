-- Sends requests of a file in random order, and tells the result in one line.
--
-- The file has a request a line, its parts parted by tabs: method, path, body
-- and value of Authorization. The parts that a request lacks are empty.
-- Arguments: the file.

local requests = {}

function init(args)
  for line in io.lines(args[1]) do
    local method, path, body, credentials = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    local headers = {}
    if body ~= "" then headers["Content-Type"] = "application/json" end
    if credentials ~= "" then headers["Authorization"] = credentials end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  -- Each thread has an address of its own.
  math.randomseed(os.time() + tonumber(tostring({}):sub(-6), 16))
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    "RESULT requests=%d duration=%d p50=%d p99=%d failed=%d broken=%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
