-- Sends a failed or cancelled job on from the stage where it stopped. ARGV: id, request (JSON).
-- Returns false (no such job), {status} where it has not ended so, or {status, number or false}.
need_room()
local id, request = ARGV[1], cjson.decode(ARGV[2])
local status = get(id, 'status')
if not status then return false end
if status ~= 'failed' and status ~= 'cancelled' then return {status} end

for _, part in ipairs(PARTS) do redis.call('PERSIST', job_key(id) .. part) end
-- Its history stays; it ends with an end that is none any more, and segments will come again.
local last
for _, entry in ipairs(unfold(id)) do
  if entry[2] == 'stage' then tell(id, 'stage', cjson.encode(entry[3]), entry[1]) end
  last = entry[1]
end
if last then redis.call('XSETID', job_key(id) .. ':events', last) end  -- ids go on after the end's
redis.call('DEL', job_key(id) .. ':result', job_key(id) .. ':segments')
redis.call('ZREM', P .. 'expiring', id)
redis.call('ZADD', P .. 'active', NOW, id)
for field, value in pairs(request.set) do set(id, field, value) end
for _, field in ipairs(request.clear) do drop(id, field) end
set(id, 'updated_at', text(NOW), 'waited_ms', 0, 'deadline.job', text(NOW + get(id, 'limit.job_ms')),
        'deadline.stage', text(NOW + get(id, 'limit.stage_ms')))
set_status(id, 'queued')
record(id, {type = 'retried', stage = get(id, 'stage')})
local number = enter(id, request.service, request.limit)
announce(id)
return {status, number or false}
