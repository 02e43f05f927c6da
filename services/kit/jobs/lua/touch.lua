-- Record when the file of a job was last downloaded; never recreate a removed job.
-- KEYS: job
-- ARGV: current time in the format of jobs
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'used_at', ARGV[1])
end
