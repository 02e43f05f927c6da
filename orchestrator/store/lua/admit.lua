-- Fills a service's free places from its line, and takes out of the count who is not there.
-- ARGV: service, limit, then ids to look at. Returns a list of calls.
need_room()
local service, limit, calls = ARGV[1], tonumber(ARGV[2]), {}
for i = 3, #ARGV do
  local job = redis.call('HMGET', job_key(ARGV[i]), 'status', 'stage')
  if not job[1] or TERMINAL[job[1]] then
    redis.call('SREM', P .. 'inflight:' .. service, ARGV[i])
  end
end
admit(service, limit, calls)
return calls
