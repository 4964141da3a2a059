-- The rules of slots.rs a second time, line by line, as one step of Redis or Valkey. Times are milliseconds.
--
-- KEYS: the state of one application, as the JSON that slots.rs makes of it. It never expires: if it is not there, it is lost.
-- ARGV: the step, the process, the slot, then numbers: calls, window, hold, waited, waiting, length of the pause.
-- LEASE, SOON and ROUNDING are those of slots.rs.
local key, step, process, slot = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local function number(i) return tonumber(ARGV[i]) end
local calls, window, hold, waited, waiting, length = number(4), number(5), number(6), number(7), number(8), number(9)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function after(span) return {at = now + span, length = span} end
local function left(time_to_come) return math.max(0, time_to_come.at - now) end
local function is_ahead(time_to_come)
  time_to_come.at = math.min(time_to_come.at, now + time_to_come.length)
  return time_to_come.at > now
end

local life = hold + window + ROUNDING
local kept = redis.call('GET', key)
-- These two do not know how long a slot of the lost state lasts; the next call does.
if not kept and (step == 'leave' or step == 'pause') then return {'done'} end
local state = kept and cjson.decode(kept) or {taken = {}, line = {}, lost = after(life)}
local taken, line = state.taken, state.line
local function finish(...)
  redis.call('SET', key, cjson.encode(state))
  return {...}
end

if step == 'replied' then
  taken[slot] = {returns = after(ROUNDING + window), calls = calls}
  return finish('done')
elseif step == 'leave' then
  line[process] = nil
  return finish('done')
end

-- Forgets what lies behind.
for name, call in pairs(taken) do
  if not is_ahead(call.returns) then taken[name] = nil end
end
if state.lost and not is_ahead(state.lost) then state.lost = nil end
for name, place in pairs(line) do
  -- Nobody overtakes it since the clock was set back by so much.
  local set_back = math.max(0, left(place.given_up) - place.given_up.length)
  place.since = math.min(place.since - set_back, now)
  if not is_ahead(place.given_up) then line[name] = nil end
end
if state.pause then
  is_ahead(state.pause.ends)
  is_ahead(state.pause.next_call)
end

if step == 'pause' then
  local ends = after(length)
  if not state.pause or state.pause.ends.at < ends.at then
    state.pause = {ends = ends, next_call = after(length)}
  end
  return finish('done')
end

-- The step is 'acquire'.
if state.pause and state.pause.ends.at + window <= now then state.pause = nil end
local lease = math.min(LEASE, math.floor(window / 4))
local mine = {since = now - waited, waiting = waiting, calls = calls, given_up = after(lease)}
line[process] = mine

local limit, back = calls, {}
for _, call in pairs(taken) do
  limit = math.min(limit, call.calls)
  back[#back + 1] = math.min(left(call.returns), window)
end
local processes, calls_before, next_leaves = 0, 0, math.huge
for name, place in pairs(line) do
  limit = math.min(limit, place.calls)
  if place.since < mine.since or (place.since == mine.since and name < process) then
    processes, calls_before = processes + 1, calls_before + place.waiting
    next_leaves = math.min(next_leaves, left(place.given_up))
  end
end
limit = math.max(limit, 1)
local spacing = math.floor(window / limit)
local paused = state.pause and left(state.pause.next_call) + spacing * processes
if not state.lost and #back + calls_before < limit and (paused or 0) == 0 then
  taken[slot] = {returns = after(life), calls = calls}
  -- The process keeps its place for its next call.
  if waiting > 1 then mine.waiting = waiting - 1 else line[process] = nil end
  if state.pause then state.pause.next_call = after(spacing) end
  return finish('taken')
end

table.sort(back)
local first = back[#back + processes % limit - limit + 1] or 0
local slot_in = math.max(first, state.lost and left(state.lost) or 0) + window * math.floor(processes / limit)
local ready = math.max(slot_in, paused or 0)
local again = math.max(1, math.min(ready == 0 and SOON or ready, math.floor(lease / 3), next_leaves))
local is_paused = paused and paused > 0 and paused >= slot_in
return finish('wait', again, ready, is_paused and 1 or 0, state.lost and 1 or 0)
