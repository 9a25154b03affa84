/// Counts in several processes: the interface, the actor and the records of this very file, called
/// like ordinary objects. Here they run on this host; --set hosts.launcher=SSH --set
/// hosts.nodes=[n1,n2] puts them on others.
import dev.burnish.actor.*;
import dev.burnish.config.*;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.mesh.*;

record Settings(int processes, int rounds, HostSettings hosts) {}

record Tally(int rank, long pid, int value) {}

interface Counter {
  void add(int n);

  Tally tally();
}

static class CounterActor implements Counter {
  private int value;

  CounterActor(int value) {
    this.value = value;
  }

  public void add(int n) {
    value += n;
  }

  public Tally tally() {
    return new Tally(Context.current().rank(), ProcessHandle.current().pid(), value);
  }
}

void main(String... args) {
  var s = Config.of(new Settings(2, 3, HostSettings.defaults())).withArguments(args).resolve();
  try (var job = Job.start(JobOptions.named("counters").with(s.hosts()))) {
    var procs = job.hosts().spawnProcs(Map.of("procs", s.processes()));
    var counters = procs.spawn("counters", Counter.class, CounterActor::new, 10);
    for (int round = 1; round <= s.rounds(); round++) {
      int n = round;
      counters.fanout(counter -> counter.add(n));
    }
    counters.at("procs", 0).only().add(100);
    for (var t : counters.gather(Counter::tally)) {
      IO.println("counter %d of process %d has %d".formatted(t.rank(), t.pid(), t.value()));
    }
  }
}
