-- Leases: which worker owns a stage, and what the owner writes.
function commands.ClaimStage(args)
  require_memory()
  local id, stage, worker, turn = args.job_id, args.stage, args.worker, args.turn
  local held = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker', 'lease.turn')
  if not held[1] or TERMINAL[held[1]] or held[2] ~= stage then return false end

  local waited_ms
  if not (held[3] == worker and held[4] == turn) then
    if held[3] then
      if is_alive(held[3]) then return false end
      release(id)
    elseif not redis.call('ZSCORE', P .. 'waiting', id) then
      return false
    end
    redis.call('ZREM', P .. 'waiting', id)
    local since = redis.call('ZSCORE', P .. 'queued:' .. stage, id)
    end_wait(id, stage)
    redis.call('HINCRBY', job_key(id), 'lease.number', 1)
    set(id, 'lease.worker', worker, 'lease.turn', turn)
    redis.call('SADD', P .. 'leases:' .. worker, id)
    redis.call('SADD', P .. 'workers', worker)  -- it may have been forgotten while it was frozen
    set(id, stage .. '.status', 'processing', 'updated_at', text(NOW))
    set_status(id, args.status)
    if redis.call('HSETNX', job_key(id), stage .. '.started_at', text(NOW)) == 1 then
      if since then waited_ms = NOW - since end
      record(id, {type = 'started', stage = stage, worker = worker})
    elseif held[1] ~= args.status then
      record(id, {type = 'resumed', stage = stage})
    end
    publish_change(id)
  end
  local remote = redis.call('HMGET', job_key(id), stage .. '.job_id', stage .. '.work')
  local sharing = {kind = 'submit'}
  if not remote[1] and remote[2] then sharing = join_work(id, remote[2], args.retention_ms) end
  local source = breaker_key(id, args.source_stage, args.source_service)
  return {
    job = redis.call('HGETALL', job_key(id)), now = text(NOW),
    breaker = redis.call('HGETALL', breaker_key(id, stage, args.service)),
    is_source_open = redis.call('HEXISTS', source, 'opened_at') == 1,
    sharing = sharing, waited_ms = waited_ms}
end

-- Of the instances whose breaker allows a call, choose the one with the fewest jobs. The choice is
-- stored before anything is submitted: a repeated submission goes to the same instance, which knows
-- the idempotency key, unless its breaker is open.
function commands.ChooseInstance(args)
  require_memory()
  local id, stage = args.job_id, args.stage
  local job = redis.call('HMGET', job_key(id), 'status', 'lease.number', 'lease.worker',
                         stage .. '.instance')
  if not job[1] or TERMINAL[job[1]] or tonumber(job[2]) ~= args.lease_number or not job[3] then
    return false
  end
  local function assigned_to(instance) return P .. 'placed:' .. args.service .. '@' .. instance end
  local function breaker_of(instance) return breaker_name(args.service .. '@' .. instance) end
  local chosen, fewest, is_trial
  for _, instance in ipairs(args.instances) do
    local breaker = redis.call('HMGET', breaker_of(instance), 'opened_at', 'probe_at')
    local is_open = breaker[1] and true or false
    if not is_open or tonumber(breaker[2] or 0) <= NOW then
      local count = redis.call('SCARD', assigned_to(instance))
      if instance == job[4] and not is_open then count = -1 end
      if not chosen or count < fewest then chosen, fewest, is_trial = instance, count, is_open end
    end
  end
  if not chosen then return {} end
  if is_trial then
    redis.call('HSET', breaker_of(chosen), 'probe_at', text(NOW + args.open_ms))
  end
  unassign(id)
  redis.call('SADD', assigned_to(chosen), id)
  set(id, stage .. '.instance', chosen, 'placed', assigned_to(chosen))
  return {instance = chosen, has_failures = exists(breaker_of(chosen))}
end

-- Delete a remote job whose id arrives too late to be stored, unless the job or another one knows
-- it, or the next owner of this attempt will get it under the same idempotency key.
local function discard_late_remote(id, status, work, event)
  if not work or not work.remote_id then return end
  local known = redis.call('HMGET', job_key(id), event.stage .. '.job_id', event.stage .. '.attempt')
  local is_awaited = status and not TERMINAL[status] and not known[1]
                     and tonumber(known[2] or 1) == event.attempt
  local is_shared = exists(users_key(work.digest, work.remote_id))
  if not is_awaited and known[1] ~= work.remote_id and not is_shared then
    delete_later(work.service, work.instance, work.remote_id)
  end
end

-- Each returns the number of the job's own wake-up call, if it can continue at once.
local moves = {}
function moves.stay() return nil end
function moves.wake(id, stage)
  release(id)
  return wake(id, stage)
end
function moves.due(id, _, move)
  release(id)
  redis.call('ZADD', P .. 'due', NOW + move.in_ms, id)
  if move.follow then follow_work(id, move.follow) end
end
function moves.enter(id, _, move, calls)
  release(id)
  set(id, 'stage', move.stage, 'deadline.stage', text(NOW + get(id, 'limit.stage_ms')))
  if move.service ~= move.from_service then leave(id, move.from_service, move.from_limit, calls) end
  return enter(id, move.service, move.limit)
end
moves['end'] = function(id, _, move, calls)
  release(id)
  leave(id, move.service, move.limit, calls)
  finish(id, move.status, move.retention_ms)
end

local function write_fields(id, stage, args)
  set_all(id, args.set)
  for _, field in ipairs(args.stamp) do set(id, field, text(NOW)) end
  for _, field in ipairs(args.clear) do
    if field == stage .. '.instance' then unassign(id) end
    drop(id, field)
  end
  set(id, 'updated_at', text(NOW))
  if args.paused == true then pause(id) elseif args.paused == false then resume(id) end
end
local function write_transcript(id, stage, transcript)
  redis.call('HSET', job_key(id) .. ':result', unpack(transcript))
  local work = work_key(get(id, stage .. '.work'))
  if exists(work) then redis.call('HSET', work, 'done_by', id) end
end

function commands.CommitChange(args)
  require_memory()
  local id, calls = args.job_id, {}
  local held = redis.call('HMGET', job_key(id), 'status', 'lease.number', 'lease.worker',
                          'write.id', 'write.reply', 'stage')
  local status, stage = held[1], held[6]
  local function refuse(reason)
    discard_late_remote(id, status, args.work, args.event)
    return {refused = reason}
  end
  if not status then return refuse('the job does not exist') end
  if held[4] == args.write_id then return {calls = held[5] or '[null]'} end
  if TERMINAL[status] then return refuse('the job is ' .. status) end
  if tonumber(held[2]) ~= args.lease_number then return refuse('the stage has a newer owner') end
  if not held[3] then return refuse('the lease was released') end

  local progress = stage .. '.progress'
  local before = tonumber(get(id, progress) or 0)
  write_fields(id, stage, args)
  if args.work then update_work(id, args.work, calls) end
  if args.drop_remote then drop_remote(id, stage, args.drop_remote, calls) end
  if args.transcript then write_transcript(id, stage, args.transcript) end
  if args.set[progress] and args.set[progress] ~= before and not args.event then
    append_event(id, 'progress', {
      status = status, stage = stage, progress = args.set[progress],
      overall_progress = tonumber(get(id, 'overall_progress') or 0)})
  end
  if args.segments then append_segments(id, stage, args.segments) end
  if args.event then record(id, args.event) end
  local number = moves[args.move.kind](id, stage, args.move, calls)

  -- Stored only where it says something: Redis packs a hash while no value is over 64 bytes, and
  -- needs three times the memory otherwise.
  local is_kept = number or #calls > 0
  table.insert(calls, 1, number or cjson.null)
  local reply = cjson.encode(calls)
  set(id, 'write.id', args.write_id)
  if is_kept then set(id, 'write.reply', reply) else drop(id, 'write.reply') end
  publish_change(id)
  return {calls = reply}
end

-- Take a job from an owner that is gone: a dead worker, or a dead turn of a living worker.
function commands.RecoverJob(args)
  require_memory()
  local id, worker, turn = args.job_id, args.worker, args.turn
  local held = redis.call('HMGET', job_key(id), 'lease.worker', 'lease.turn', 'status', 'stage')
  if held[1] ~= worker then
    redis.call('SREM', P .. 'leases:' .. worker, id)
    return {}
  end
  if turn then
    if held[2] ~= turn then return {} end
  elseif is_alive(worker) then
    return {}
  end
  release(id)
  if TERMINAL[held[3]] then return {} end
  redis.call('HINCRBY', job_key(id), 'lease.number', 1)
  record(id, {type = 'recovered', stage = held[4], worker = worker,
              reason = turn and 'its turn died' or 'its worker died'})
  publish_change(id)
  return {call_for(id)}
end
