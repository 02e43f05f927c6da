-- Makes new wake-up calls. ARGV: kind, limit, then (for `lost`) id and number in turn.
-- `due`: every job whose time has come. `lost`: these, where the number is still the same.
-- Returns a list of calls.
need_room()
local kind, limit, calls = ARGV[1], tonumber(ARGV[2]), {}
if kind == 'due' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', NOW, 'LIMIT', 0, limit)) do
    redis.call('ZREM', P .. 'due', id)
    if redis.call('EXISTS', job_key(id)) == 1 then
      resume(id)
      calls[#calls + 1] = call_for(id)
    end
  end
else
  for i = 3, #ARGV, 2 do
    local id = ARGV[i]
    if redis.call('ZSCORE', P .. 'waiting', id) == ARGV[i + 1] then
      if redis.call('EXISTS', job_key(id)) == 1 then
        record(id, {type = 'resent', stage = get(id, 'stage'), reason = 'its message was lost'})
        announce(id)
        calls[#calls + 1] = call_for(id)
      else
        redis.call('ZREM', P .. 'waiting', id)
      end
    end
  end
end
return calls
