-- The token of one application, and which process logs in, in one step. All times are milliseconds.
--
-- KEYS: the token, as "MARGIN TOKEN", which is gone when it is time to renew it; who logs in, which is gone after a lease.
-- ARGV: the step, the process, the lease, then what the step needs.
local token, login = KEYS[1], KEYS[2]
local step, owner, lease = ARGV[1], ARGV[2], ARGV[3]
local mine = redis.call('GET', login) == owner

if step == 'ask' then -- the token that the platform refused, or ''
  local margin, kept = (redis.call('GET', token) or ''):match('^(%d+) (.+)$')
  if kept and kept ~= ARGV[4] then
    return {'token', kept, tonumber(margin), redis.call('PTTL', token)}
  end
  if mine or redis.call('SET', login, owner, 'NX', 'PX', lease) then
    -- The login cancels it.
    redis.call('DEL', token)
    return {'login'}
  end
  return {'wait'}
end

-- A process whose lease has ended may not know it: another one logs in, and its token is the newer one.
if not mine then return {'lost'} end
if step == 'renew' then
  redis.call('PEXPIRE', login, lease)
else
  if step == 'keep' then -- the token, its margin, and for how long it is used, or 0 if nobody knows
    redis.call('SET', token, ARGV[5] .. ' ' .. ARGV[4])
    if tonumber(ARGV[6]) > 0 then redis.call('PEXPIRE', token, ARGV[6]) end
  end
  redis.call('DEL', login) -- also for 'give-up': the login failed
end
return {'done'}
