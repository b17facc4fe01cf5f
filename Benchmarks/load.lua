-- What wrk sends, and how it tells what came of it. Arguments: the method.
-- The request is made once, so that the script costs nothing while the load runs.

function init(arguments)
  wrk.method = arguments[1] or "GET"
  if wrk.method == "POST" then
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"username":"ann","password":"correct horse battery staple"}'
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\nMEASURED requests=%d microseconds=%d p50=%d p99=%d refused=%d broken=%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
