//! Load over HTTP by wrk, and what it cost the server.

use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use crate::{Failure, process};

/// Connections that ask without a pause. One thread of wrk asks for all of them, so that a core is left for the server.
pub(crate) const CONNECTIONS: u32 = 32;

/// What one run of wrk saw.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time of the server for one request, in microseconds.
    pub(crate) cpu_us: f64,
}

/// Asks a server for some seconds, as a script says.
pub(crate) fn run(address: SocketAddr, server: u32, script: &Path, seconds: u32) -> Result<Load, Failure> {
    run_with(CONNECTIONS, address, server, script, seconds)
}

/// As [`run`], over this many connections.
pub(crate) fn run_with(
    connections: u32,
    address: SocketAddr,
    server: u32,
    script: &Path,
    seconds: u32,
) -> Result<Load, Failure> {
    let before = process::cpu_time(server)?;
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "-s"]).arg(script);
    let output = command.arg(format!("http://{address}")).output();
    let output = output.map_err(|error| format!("wrk cannot be started ({error}): apt-get install wrk"))?;
    let cpu: Duration = process::cpu_time(server)?.saturating_sub(before);
    let said = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = said
        .lines()
        .find_map(|line| line.strip_prefix("figures "))
        .ok_or_else(|| format!("wrk took no figures:\n{said}"))?
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let &[requests, duration_us, median_us, p99_us, failed] = figures.as_slice() else {
        return Err(format!("wrk took other figures:\n{said}").into());
    };
    if failed > 0.0 {
        return Err(format!("{failed} of {requests} requests failed").into());
    }
    Ok(Load {
        per_second: requests / duration_us * 1e6,
        median_ms: median_us / 1e3,
        p99_ms: p99_us / 1e3,
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
    })
}

/// Requests that wrk makes before it begins, to draw from: making them meanwhile would slow every server alike.
const DRAWN: u32 = 100_000;

/// A script for wrk that asks requests made by `make`, the body of a Lua function, and prints the figures that [`run`] reads.
pub(crate) fn script(make: &str) -> String {
    drawn_by("made[math.random({DRAWN})]", make)
}

/// As [`script`], each request once before any is repeated.
pub(crate) fn script_in_order(make: &str) -> String {
    drawn_by("next_made()", make)
}

fn drawn_by(draw: &str, make: &str) -> String {
    let draw = draw.replace("{DRAWN}", &DRAWN.to_string());
    format!(
        "local made = {{}}
local function make()
{make}
end
init = function()
  -- Names drawn in one run are not those of the run before.
  math.randomseed(os.time())
  for number = 1, {DRAWN} do made[number] = make() end
end
local taken = 0
local function next_made()
  taken = taken % {DRAWN} + 1
  return made[taken]
end
request = function() return {draw} end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('figures %d %d %d %d %d\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"
    )
}
