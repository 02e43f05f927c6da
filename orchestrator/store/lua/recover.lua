-- Takes a job from an owner that is gone, and makes a new wake-up call for it.
-- ARGV: id, worker, turn ('' where the whole worker is dead). Returns a call or false.
need_room()
local id, worker, turn = ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('HMGET', job_key(id), 'lease.worker', 'lease.turn', 'status', 'stage')
if held[1] ~= worker then
  redis.call('SREM', P .. 'leases:' .. worker, id)
  return false
end
if turn == '' then
  if is_alive(worker) then return false end
elseif held[2] ~= turn then
  return false
end
release(id)
if TERMINAL[held[3]] then return false end
redis.call('HINCRBY', job_key(id), 'lease.number', 1)
record(id, {type = 'recovered', stage = held[4], worker = worker,
            reason = turn == '' and 'its worker died' or 'its turn died'})
announce(id)
return call_for(id)
