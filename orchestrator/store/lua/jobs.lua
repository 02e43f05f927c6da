-- Jobs from their creation to their removal.

-- Indexes: all jobs and those of one owner, each with any status and by status.
local function indexes(owner)
  if not owner or owner == '' then return {P .. 'jobs'} end
  return {P .. 'jobs', P .. 'jobs:owner:' .. owner}
end
local function set_status(id, status)
  local old = get(id, 'status')
  if old == status then return end
  local created = redis.call('ZSCORE', P .. 'jobs', id)
  for _, index in ipairs(indexes(get(id, 'owner'))) do
    if old then redis.call('ZREM', index .. ':' .. old, id) end
    redis.call('ZADD', index .. ':' .. status, created, id)
  end
  set(id, 'status', status)
end
local function start_deadlines(id, job_ms, stage_ms)
  set(id, 'deadline.job', text(NOW + job_ms), 'deadline.stage', text(NOW + stage_ms))
end

local function finish(id, status, retention_ms)
  set_status(id, status)
  drop(id, 'paused_at', 'deadline.job', 'deadline.stage', 'limit.job_ms', 'limit.stage_ms',
       'waited_ms')
  redis.call('ZREM', P .. 'active', id)
  local job = redis.call('HMGET', job_key(id), 'stage', 'overall_progress', 'error_code',
                         'error_message')
  append_event(id, 'end', {
    status = status, stage = job[1] or nil, overall_progress = tonumber(job[2] or 0),
    error_code = job[3] or nil, error_message = job[4] or nil})
  fold(id)
  if status == 'completed' then redis.call('DEL', job_key(id) .. ':segments') end
  count_end(status, job[3] or 'unknown')
  add_delivery(id, status)
  local expires = NOW + retention_ms
  redis.call('ZADD', P .. 'expiring', expires, id)
  for _, part in ipairs(PARTS) do redis.call('PEXPIREAT', job_key(id) .. part, text(expires)) end
end

-- Complete a new job with the results of an earlier one. Return false if there is none.
local function complete_like_twin(id, args)
  local last = args.stages[#args.stages]
  local twin = redis.call('HGET', work_key(args.fields[last .. '.work']), 'done_by')
  if not twin or get(twin, 'status') ~= 'completed' then return false end
  if redis.call('COPY', job_key(twin) .. ':result', job_key(id) .. ':result') == 0 then
    return false
  end
  for _, stage in ipairs(args.stages) do
    for _, name in ipairs(args.shared_fields) do
      local value = get(twin, stage .. '.' .. name)
      if value then set(id, stage .. '.' .. name, value) end
    end
    set(id, stage .. '.status', 'completed', stage .. '.progress', 100,
            stage .. '.started_at', text(NOW), stage .. '.completed_at', text(NOW))
    local remote_id = get(id, stage .. '.job_id')
    if remote_id then refer(id, get(id, stage .. '.work'), remote_id) end
  end
  local video = get(twin, 'video')
  if video then set(id, 'video', video) end
  set(id, 'stage', last, 'overall_progress', 100, 'completed_at', text(NOW))
  for _, event in ipairs(unfold(twin)) do
    if event.kind == 'segments' then
      local segments = as_values(SEGMENTS_FIELDS, event.data)
      append_segments(id, last, {attempt = 1, index = segments.index, count = segments.count})
    end
  end
  record(id, {type = 'completed', stage = last, reason = 'done before by ' .. twin})
  finish(id, 'completed', args.retention_ms)
  return true
end

function commands.CreateJob(args)
  require_memory()
  local id, number = args.job_id, nil
  if not exists(job_key(id)) then
    if redis.call('ZCARD', P .. 'active') >= args.max_active then return false end
    local owner = args.fields.owner
    for _, index in ipairs(indexes(owner)) do redis.call('ZADD', index, NOW, id) end
    if owner then redis.call('HSET', P .. 'owners', id, owner) end
    for _, tag in ipairs(args.tags) do redis.call('ZADD', P .. 'jobs:tag:' .. tag, NOW, id) end
    if #args.tags > 0 then redis.call('HSET', P .. 'tags', id, cjson.encode(args.tags)) end
    set_all(id, args.fields)
    set(id, 'created_at', text(NOW), 'updated_at', text(NOW), 'lease.number', 0, 'waited_ms', 0)
    record(id, {type = 'submitted'})
    if not complete_like_twin(id, args) then
      start_deadlines(id, args.fields['limit.job_ms'], args.fields['limit.stage_ms'])
      set_status(id, 'queued')
      redis.call('ZADD', P .. 'active', NOW, id)
      number = enter(id, args.service, args.limit)
    end
  end
  return {number = number, status = get(id, 'status'),
          overall_progress = get(id, 'overall_progress') or 0}
end

function commands.CancelJob(args)
  require_memory()
  local id, calls = args.job_id, {}
  local job = redis.call('HMGET', job_key(id), 'status', 'stage')
  local status, stage = job[1], job[2]
  if not status then return false end
  if TERMINAL[status] then return {status = status, calls = calls} end

  local service = args.services[stage]
  displace(id, service.name)
  drop_remote(id, stage, service.name, calls)
  for name in pairs(args.services) do
    local state = get(id, name .. '.status')
    if state == 'pending' or state == 'processing' then set(id, name .. '.status', 'cancelled') end
  end
  set(id, 'updated_at', text(NOW))
  redis.call('HINCRBY', job_key(id), 'lease.number', 1)
  record(id, {type = 'cancelled', stage = stage})
  leave(id, service.name, service.limit, calls)
  finish(id, 'cancelled', args.retention_ms)
  publish_change(id)
  return {status = status, calls = calls}
end

function commands.RetryJob(args)
  require_memory()
  local id = args.job_id
  local status = get(id, 'status')
  if not status then return false end
  if status ~= 'failed' and status ~= 'cancelled' then return {refused = status} end

  for _, part in ipairs(PARTS) do redis.call('PERSIST', job_key(id) .. part) end
  -- Keep the history without the end and the segments; new events get ids after the end's.
  local last
  for _, event in ipairs(unfold(id)) do
    if event.kind == 'stage' then append_event(id, 'stage', event.data, event.id) end
    last = event.id
  end
  if last then redis.call('XSETID', job_key(id) .. ':events', last) end
  redis.call('DEL', job_key(id) .. ':result', job_key(id) .. ':segments')
  redis.call('ZREM', P .. 'expiring', id)
  redis.call('ZADD', P .. 'active', NOW, id)
  set_all(id, args.set)
  for _, field in ipairs(args.clear) do drop(id, field) end
  set(id, 'updated_at', text(NOW), 'waited_ms', 0)
  start_deadlines(id, get(id, 'limit.job_ms'), get(id, 'limit.stage_ms'))
  set_status(id, 'queued')
  record(id, {type = 'retried', stage = get(id, 'stage')})
  local number = enter(id, args.service, args.limit)
  publish_change(id)
  return {number = number}
end

function commands.RemoveJob(args)
  local id = args.job_id
  local status = get(id, 'status')
  if status and not TERMINAL[status] then return 'running' end
  if status then
    for stage, service in pairs(args.services) do drop_remote(id, stage, service, {}) end
  end
  for _, part in ipairs(PARTS) do redis.call('DEL', job_key(id) .. part) end
  redis.call('ZREM', P .. 'expiring', id)
  redis.call('ZREM', P .. 'active', id)
  for _, index in ipairs(indexes(redis.call('HGET', P .. 'owners', id))) do
    redis.call('ZREM', index, id)
    for name in pairs(TERMINAL) do redis.call('ZREM', index .. ':' .. name, id) end
  end
  redis.call('HDEL', P .. 'owners', id)
  for _, tag in ipairs(cjson.decode(redis.call('HGET', P .. 'tags', id) or '[]')) do
    redis.call('ZREM', P .. 'jobs:tag:' .. tag, id)
  end
  redis.call('HDEL', P .. 'tags', id)
  if status then publish_change(id) end
  return status and 'removed' or 'missing'
end
