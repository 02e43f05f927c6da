-- A job's events: a stream while the job runs, one value beside its transcript afterwards.

-- The length limit covers a job that reports progress every few seconds for half a day.
local function append_event(id, kind, data, event_id)
  redis.call('XADD', job_key(id) .. ':events', 'MAXLEN', '~', 10000, event_id or '*',
             'kind', kind, 'data', cjson.encode(data))
end
local function publish_change(id) redis.call('PUBLISH', P .. 'changes', id) end

-- Append an entry to the history.
local function record(id, event)
  local attempt = event.stage and (event.attempt or get(id, event.stage .. '.attempt') or 1)
  append_event(id, 'stage', as_row(STAGE_EVENT_FIELDS, {
    type = event.type, status = get(id, 'status') or 'queued',
    overall_progress = tonumber(get(id, 'overall_progress') or 0),
    stage = event.stage, attempt = tonumber(attempt),
    worker = event.worker, reason = event.reason}))
end

-- Append one entry for several segments. The entry says where they are stored: in the transcript
-- or, until there is one, in a list. Its id is the last of a range, one id for each segment.
local function append_segments(id, stage, segments)
  if type(segments.bodies) == 'table' then
    segments.at = redis.call('LLEN', job_key(id) .. ':segments')
    for _, body in ipairs(segments.bodies) do
      redis.call('RPUSH', job_key(id) .. ':segments', body)
    end
  end
  segments.stage = stage
  local last = redis.call('XREVRANGE', job_key(id) .. ':events', '+', '-', 'COUNT', 1)[1][1]
  local ms, number = last:match('(%d+)-(%d+)')
  if tonumber(ms) < NOW then ms, number = text(NOW), -1 end
  append_event(id, 'segments', as_row(SEGMENTS_FIELDS, segments),
               ms .. '-' .. text(number + segments.count))
end

-- Replace a job's stream by one value, which takes a third of the memory: a list of the first
-- event's time and a row for each event. In a row of the history, '' means the same value as
-- in the row before. Progress and segments of earlier attempts are left out.
local function abridge(values, before)
  for index, value in ipairs(values) do
    if value == before[index] then values[index] = '' else before[index] = value end
  end
  return values
end
local function fold(id)
  local rows, before, attempts, first = {}, {}, {}, nil
  local function is_stale(segments)
    local stage = segments.stage
    attempts[stage] = attempts[stage] or tonumber(get(id, stage .. '.attempt') or 1)
    return segments.attempt ~= attempts[stage]
  end
  for _, entry in ipairs(redis.call('XRANGE', job_key(id) .. ':events', '-', '+')) do
    local kind, data = entry[2][2], entry[2][4]
    if kind ~= 'progress' then
      local ms, number = entry[1]:match('(%d+)-(%d+)')
      first = first or ms
      data = cjson.decode(data)
      local row = {since_ms = ms - first, number = tonumber(number), data = data, kind = kind}
      if kind == 'stage' then row.data, row.kind = abridge(data, before), nil end
      if kind ~= 'segments' or not is_stale(as_values(SEGMENTS_FIELDS, data)) then
        rows[#rows + 1] = as_row(FOLDED_FIELDS, row)
      end
    end
  end
  table.insert(rows, 1, tonumber(first))
  redis.call('HSET', job_key(id) .. ':result', 'history', cjson.encode(rows))
  redis.call('DEL', job_key(id) .. ':events')
end
-- Return the events of the folded value as {id, kind, data}.
local function unfold(id)
  local rows = cjson.decode(redis.call('HGET', job_key(id) .. ':result', 'history') or '[0]')
  local events, before, first = {}, {}, table.remove(rows, 1)
  for position, values in ipairs(rows) do
    local row = as_values(FOLDED_FIELDS, values)
    for index, value in ipairs(row.kind and {} or row.data) do
      if value == '' then row.data[index] = before[index] else before[index] = value end
    end
    local event_id = text(first + row.since_ms) .. '-' .. text(row.number)
    events[position] = {id = event_id, kind = row.kind or 'stage', data = row.data}
  end
  return events
end
