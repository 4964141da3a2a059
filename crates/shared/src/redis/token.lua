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
    local until_renewal = redis.call('PTTL', token)
    return {'token', kept, until_renewal < 0 and 0 or until_renewal + tonumber(margin)}
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
  if step == 'keep' then -- the token, how long it lives, or 0 if nobody knows, and how long before its end it is renewed
    redis.call('SET', token, ARGV[6] .. ' ' .. ARGV[4])
    if tonumber(ARGV[5]) > 0 then redis.call('PEXPIRE', token, ARGV[5] - ARGV[6]) end
  end
  redis.call('DEL', login) -- also for 'give-up': the login failed
end
return {'done'}
