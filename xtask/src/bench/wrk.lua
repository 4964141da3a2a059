-- One line of figures for the program that started wrk. Nothing runs for each reply: that would slow wrk down.
done = function(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format(
        "figures %.0f %.0f %.0f %.0f %.0f\n",
        summary.requests, failed, summary.bytes, summary.duration, latency:percentile(99)
    ))
end
