-- Stores a new job and gives it a place. ARGV: id, request (JSON). Repeating it changes nothing.
-- A job whose last stage's work is done already is born completed.
-- Returns {number of its wake-up call or false, status, progress or false}, or false where as many
-- jobs as may have not ended.
need_room()
local id, request = ARGV[1], cjson.decode(ARGV[2])
local function made(number)
  local job = redis.call('HMGET', job_key(id), 'status', 'overall_progress')
  return {number or false, job[1], job[2]}
end
if redis.call('EXISTS', job_key(id)) == 1 then return made() end

if redis.call('ZCARD', P .. 'active') >= request.max_active then return false end

local owner = request.fields.owner
for _, index in ipairs(indexes(owner)) do redis.call('ZADD', index, NOW, id) end
if owner then redis.call('HSET', P .. 'owners', id, owner) end
for _, tag in ipairs(request.tags) do redis.call('ZADD', P .. 'jobs:tag:' .. tag, NOW, id) end
if #request.tags > 0 then redis.call('HSET', P .. 'tags', id, cjson.encode(request.tags)) end
local fields = {'created_at', text(NOW), 'updated_at', text(NOW), 'lease.number', 0, 'waited_ms', 0}
for field, value in pairs(request.fields) do
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
set(id, unpack(fields))
record(id, {type = 'submitted'})

local last = request.stages[#request.stages]
local twin = redis.call('HGET', work_key(request.fields[last .. '.work']), 'done_by')
if twin and get(twin, 'status') == 'completed'
   and redis.call('COPY', job_key(twin) .. ':result', job_key(id) .. ':result') == 1 then
  for _, stage in ipairs(request.stages) do
    for _, name in ipairs({'job_id', 'instance', 'filename',
                           'warnings', 'quality', 'languages', 'audio_tracks', 'duration_s'}) do
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
  for _, entry in ipairs(unfold(twin)) do
    local told = entry[2] == 'segments' and entry[3]
    if told then tell_segments(id, last, {attempt = 1, index = told[3], count = told[4]}) end
  end
  record(id, {type = 'completed', stage = last, reason = 'done before by ' .. twin})
  finish(id, 'completed', request.retention_ms)
  return made()
end

set(id, 'deadline.job', text(NOW + request.fields['limit.job_ms']),
        'deadline.stage', text(NOW + request.fields['limit.stage_ms']))
set_status(id, 'queued')
redis.call('ZADD', P .. 'active', NOW, id)
return made(enter(id, request.service, request.limit))
