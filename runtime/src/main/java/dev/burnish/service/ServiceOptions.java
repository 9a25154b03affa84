package dev.burnish.service;

import dev.burnish.launch.Resources;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.Queueing;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.service.routing.Router;
import java.time.Duration;
import java.util.function.Supplier;

/// The composition and behaviour of a service, such as `replicas(2).procs(4)`.
///
/// @param size replicas, processes and devices
/// @param queueing of calls, in each process that makes some
/// @param router supplies a router for each process that makes calls; one that is not of
///   [Balancing] stays in its process, others route by least load
/// @param health when a replica is considered lost
/// @param restart of a lost replica, each replica by itself
/// @param call defaults of calls
public record ServiceOptions(
    Size size,
    Queueing queueing,
    Supplier<Router> router,
    Health health,
    RestartPolicy restart,
    Call call) {

  /// Numbers of replicas, processes and devices.
  ///
  /// @param replicas at first
  /// @param procs processes of a replica, each with an actor
  /// @param gpus devices of a replica, the same number for each of its processes
  public record Size(int replicas, int procs, int gpus, Room room) {
    /// @throws IllegalArgumentException if a count is below its minimum
    public Size {
      if (replicas < 1 || procs < 1 || gpus < 0) {
        throw new IllegalArgumentException(
            "a service must have a replica, and that a process: service.replicas=%d service.procs=%d service.gpus=%d"
                .formatted(replicas, procs, gpus));
      }
    }

    /// The resources that each process requests.
    ///
    /// @throws IllegalArgumentException if the devices cannot be divided among the processes
    Demand each() {
      if (gpus % procs != 0) {
        throw new IllegalArgumentException(
            "every process of a replica must have as many devices: service.gpus=%d service.procs=%d"
                .formatted(gpus, procs));
      }
      return new Demand(room.cores(), room.megabytes(), gpus / procs);
    }
  }

  /// The resources of each process, and its placement.
  ///
  /// @param cores that it has for itself; 0 to share all
  /// @param megabytes of memory that it has for itself; 0 to share it
  public record Room(int cores, int megabytes, Resources process, Placement placement) {
    /// Shares everything, light, spread over the hosts.
    public static Room shared() {
      return new Room(0, 0, Resources.light(), Placement.spread());
    }
  }

  /// When a replica is considered lost.
  ///
  /// @param every time between health checks of a replica; longer where a service has more than
  ///   some hundred actors, so that no more than 500 are asked per second
  /// @param limit for the answer; a process that only computes answers at once, one that is stopped
  ///   does not
  /// @param starting for a replica to become healthy
  /// @param draining for calls and sessions to end when a replica is removed or the service stops
  public record Health(Duration every, Duration limit, Duration starting, Duration draining) {
    private static final int MOST_PER_SECOND = 500;

    /// @throws IllegalArgumentException if a time is not above zero
    public Health {
      if (!isPositive(every) || !isPositive(limit) || !isPositive(starting)) {
        throw new IllegalArgumentException(
            "times must be above zero: service.health.every=%s service.health.limit=%s service.health.starting=%s"
                .formatted(every, limit, starting));
      }
    }

    /// Checked every half second, 5 s for an answer, 10 minutes to start, 10 s to drain.
    public static Health defaults() {
      return new Health(
          Duration.ofMillis(500),
          Duration.ofSeconds(5),
          Duration.ofMinutes(10),
          Duration.ofSeconds(10));
    }

    /// The same with other health checks.
    public Health withProbe(Duration otherEvery, Duration otherLimit) {
      return new Health(otherEvery, otherLimit, starting, draining);
    }

    /// The same with another draining time.
    public Health withDraining(Duration other) {
      return new Health(every, limit, starting, other);
    }

    /// The time between two checks of a replica of a service with that many actors: so much longer
    /// than [#every] that no more than 500 of all actors are asked per second.
    Duration every(int actors) {
      Duration needed = Duration.ofSeconds(actors).dividedBy(MOST_PER_SECOND);
      return needed.compareTo(every) > 0 ? needed : every;
    }

    private static boolean isPositive(Duration time) {
      return time.compareTo(Duration.ZERO) > 0;
    }
  }

  /// The defaults of calls.
  ///
  /// @param timeout from when a call is made until its answer
  /// @param retries of a call of an idempotent endpoint whose replica is lost
  public record Call(Duration timeout, int retries) {
    /// @throws IllegalArgumentException if the timeout is not above zero, or the retries are
    ///   negative
    public Call {
      if (timeout.compareTo(Duration.ZERO) <= 0 || retries < 0) {
        throw new IllegalArgumentException(
            "a call must have some time, and no negative number of retries: service.timeout=%s service.retries=%d"
                .formatted(timeout, retries));
      }
    }
  }

  /// `replicas` replicas of one light process; least loaded; restarts as [RestartPolicy#atMost] of
  /// 10; 10 minutes and 3 retries for a call.
  public static ServiceOptions replicas(int replicas) {
    return new ServiceOptions(
        new Size(replicas, 1, 0, Room.shared()),
        Queueing.defaults(),
        Balancing.LEAST_LOADED,
        Health.defaults(),
        RestartPolicy.atMost(10),
        new Call(Duration.ofMinutes(10), 3));
  }

  /// The same with `procs` processes per replica.
  public ServiceOptions procs(int procs) {
    return with(new Size(size.replicas(), procs, size.gpus(), size.room()));
  }

  /// The same with `gpus` devices per replica, divided among its processes.
  public ServiceOptions gpus(int gpus) {
    return with(new Size(size.replicas(), size.procs(), gpus, size.room()));
  }

  /// The same with a number of cores and an amount of memory that each process has for itself.
  public ServiceOptions exclusive(int cores, int megabytes) {
    Room room = size.room();
    return with(new Room(cores, megabytes, room.process(), room.placement()));
  }

  /// The same with other processes.
  public ServiceOptions process(Resources process) {
    Room room = size.room();
    return with(new Room(room.cores(), room.megabytes(), process, room.placement()));
  }

  /// The same with another choice of hosts.
  public ServiceOptions placement(Placement placement) {
    Room room = size.room();
    return with(new Room(room.cores(), room.megabytes(), room.process(), placement));
  }

  /// The same with `calls` concurrent calls per replica.
  public ServiceOptions concurrency(int calls) {
    return with(new Queueing(calls, queueing.capacity(), queueing.overflow()));
  }

  /// The same with another bound of the queue, and another behaviour of a call that finds it full.
  public ServiceOptions queue(int capacity, Overflow overflow) {
    return with(new Queueing(queueing.concurrency(), capacity, overflow));
  }

  /// The same with another choice of replicas.
  public ServiceOptions balancing(Supplier<Router> other) {
    return new ServiceOptions(size, queueing, other, health, restart, call);
  }

  /// The same with other limits of health.
  public ServiceOptions health(Health other) {
    return new ServiceOptions(size, queueing, router, other, restart, call);
  }

  /// The same with other restarts.
  public ServiceOptions restart(RestartPolicy other) {
    return new ServiceOptions(size, queueing, router, health, other, call);
  }

  /// The same with another timeout of calls.
  public ServiceOptions within(Duration timeout) {
    return new ServiceOptions(
        size, queueing, router, health, restart, new Call(timeout, call.retries()));
  }

  /// The same with `retries` retries of idempotent endpoints.
  public ServiceOptions retries(int retries) {
    return new ServiceOptions(
        size, queueing, router, health, restart, new Call(call.timeout(), retries));
  }

  private ServiceOptions with(Size other) {
    return new ServiceOptions(other, queueing, router, health, restart, call);
  }

  private ServiceOptions with(Room other) {
    return with(new Size(size.replicas(), size.procs(), size.gpus(), other));
  }

  private ServiceOptions with(Queueing other) {
    return new ServiceOptions(size, other, router, health, restart, call);
  }
}
