-- Gives one worker the lease on a stage. ARGV: id, stage, worker, turn, service,
-- status of a job in this stage, retention (ms), the service that has the audio and its stage.
-- Returns the job's hash, the instant, the breaker's hash, whether that of the other service is
-- open, where no remote job is known, whose it is to submit one (see join_work), and how long the
-- stage waited for its first turn (ms; '' for later turns); or false where there is nothing to do:
-- the job has ended or moved on, somebody alive has it, or it waits for something else.
need_room()
local id, stage, worker, turn = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local held = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker', 'lease.turn')
if not held[1] or TERMINAL[held[1]] or held[2] ~= stage then return false end

local waited_ms = ''
if not (held[3] == worker and held[4] == turn) then
  if held[3] then
    if is_alive(held[3]) then return false end
    release(id)
  elseif not redis.call('ZSCORE', P .. 'waiting', id) then
    return false
  end
  redis.call('ZREM', P .. 'waiting', id)
  local since = redis.call('ZSCORE', P .. 'queued:' .. stage, id)
  unqueue(id, stage)
  redis.call('HINCRBY', job_key(id), 'lease.number', 1)
  set(id, 'lease.worker', worker, 'lease.turn', turn)
  redis.call('SADD', P .. 'leases:' .. worker, id)
  redis.call('SADD', P .. 'workers', worker)  -- it may have been forgotten while it was frozen
  set(id, stage .. '.status', 'processing', 'updated_at', text(NOW))
  set_status(id, ARGV[6])
  if redis.call('HSETNX', job_key(id), stage .. '.started_at', text(NOW)) == 1 then
    if since then waited_ms = text(NOW - since) end
    record(id, {type = 'started', stage = stage, worker = worker})
  elseif held[1] ~= ARGV[6] then
    record(id, {type = 'resumed', stage = stage})
  end
  announce(id)
end
local remote = redis.call('HMGET', job_key(id), stage .. '.job_id', stage .. '.work')
local sharing = {'mine'}
if not remote[1] and remote[2] then sharing = join_work(id, remote[2], ARGV[7]) end
local breaker = redis.call('HGETALL', breaker_key(id, stage, ARGV[5]))
local is_open = redis.call('HEXISTS', breaker_key(id, ARGV[9], ARGV[8]), 'opened_at')
return {redis.call('HGETALL', job_key(id)), text(NOW), breaker, is_open, sharing, waited_ms}
