-- The article's request for wrk, and what came of it as one line of JSON.
wrk.method = 'POST'
wrk.path = '/lead/42'
wrk.body = '{"name":"Ada","email":"a@x.io"}'
wrk.headers['content-type'] = 'application/json'

function done(summary, latency)
  local errors = summary.errors
  local format = '{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"errors":%d}\n'
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format(format, summary.requests, summary.duration, p50, p99, failed))
end
