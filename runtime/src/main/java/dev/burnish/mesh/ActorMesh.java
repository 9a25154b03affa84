package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Context;
import dev.burnish.actor.Point;
import dev.burnish.concurrent.Scope;
import dev.burnish.link.Deadline;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.MeshKind.ActorsForm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Actors of one type along named axes, called one, some or all at a time.
///
/// A function that is given to a mesh is run once per actor, all at once, with a stub of that
/// actor; it may call several endpoints. Slices are views: they see changes of their members, and
/// keep working when members outside fail.
///
/// This is the type that travels as an argument: a holder can call the actors but not stop them.
/// Their owner has the [OwnedMesh]. Thread-safe.
///
/// @param <T> the interface of the actors
public sealed class ActorMesh<T> implements Iterable<T> permits OwnedMesh {
  private final ActorSystem system;
  private final Class<T> type;
  private final Actors actors;
  private final Shape shape;
  private final Duration timeout;
  private final AtomicInteger nextChoice = new AtomicInteger();

  /// The actors of a mesh and of all of its slices.
  ///
  /// @param members by their position in shapes
  /// @param owner the address at which others ask for them
  record Actors(String name, List<Member> members, ActorRef owner) {}

  ActorMesh(ActorSystem system, Class<T> type, Actors actors, Shape shape, Duration timeout) {
    this.system = system;
    this.type = type;
    this.actors = actors;
    this.shape = shape;
    this.timeout = timeout;
  }

  /// A handle to the mesh that another process named.
  public static <T> ActorMesh<T> reference(ActorSystem system, Class<T> type, ActorsForm form) {
    List<Member> members = new ArrayList<>();
    for (Optional<ActorRef> place : form.members()) {
      String member = form.name() + "[" + members.size() + "]";
      members.add(Member.reference(system, form.owner(), members.size(), member, place));
    }
    return new ActorMesh<>(
        system,
        type,
        new Actors(form.name(), members, form.owner()),
        form.shape(),
        system.settings().timeout());
  }

  /// A function of an actor and its rank.
  @FunctionalInterface
  public interface Ranked<T, R extends @Nullable Object> {
    /// Calls the actor.
    R apply(T actor, int rank);
  }

  /// Calls every actor and returns the results by rank.
  ///
  /// @throws RuntimeException the first failure of any; the other calls are cancelled
  public <R extends @Nullable Object> List<R> gather(Function<? super T, ? extends R> call) {
    return gather((actor, rank) -> call.apply(actor));
  }

  /// Calls every actor with its rank and returns the results by rank.
  ///
  /// @throws RuntimeException the first failure of any; the other calls are cancelled
  public <R extends @Nullable Object> List<R> gather(Ranked<? super T, ? extends R> call) {
    List<Integer> ranks = IntStream.range(0, size()).boxed().toList();
    Function<Integer, R> each = part(rank -> call.apply(actor(rank), rank));
    try {
      return Scope.map(ranks, each);
    } catch (Scope.Interrupted e) {
      throw new CallCancelled("interrupted while waiting for replies of " + name(), e);
    }
  }

  /// Wraps work for another thread, as part of the work of this one.
  private <A, R extends @Nullable Object> Function<A, R> part(Function<A, R> work) {
    Function<A, R> waited = Context.waitedFor(work);
    return system.tracing().map(tracing -> tracing.carried(waited)).orElse(waited);
  }

  /// Calls every actor and waits for all.
  ///
  /// @throws RuntimeException the first failure of any; the other calls are cancelled
  public void fanout(Consumer<? super T> call) {
    gather((actor, rank) -> {
      call.accept(actor);
      return true;
    });
  }

  /// Calls every actor; the results come in the order in which they arrive, on each iteration. A
  /// failure is thrown where it arrives. Each call ends by its deadline; calls that have not ended
  /// are cancelled by an interrupt of the thread that waits for the next.
  public <R> Iterable<Reply<R>> stream(Function<? super T, ? extends R> call) {
    Function<Integer, R> part = part(rank -> call.apply(actor(rank)));
    Reply.Arriving<R> replies = new Reply.Arriving<>(name(), size());
    for (int rank = 0; rank < size(); rank++) {
      int place = rank;
      Point point = shape.point(rank);
      system.executeForUser(
          name() + "/" + rank, () -> replies.call(() -> new Reply<>(point, part.apply(place))));
    }
    return replies;
  }

  /// Sends to every actor and returns at once, unless an actor is between processes or very much is
  /// unsent; then it waits as long as a call may. An exception of an actor is a failure of that
  /// actor.
  ///
  /// @throws dev.burnish.link.failure.Overloaded if one does not keep up
  public void broadcast(Consumer<? super T> call) {
    for (int rank = 0; rank < size(); rank++) {
      call.accept(system.caster(type, member(rank), timeout));
    }
  }

  /// One of the actors that are not lost, each in turn.
  ///
  /// @throws ReplicaLost if all are lost
  public T choose() {
    int first = nextChoice.getAndIncrement();
    for (int i = 0; i < size(); i++) {
      int rank = Math.floorMod(first + i, size());
      if (!member(rank).slot().isGone()) {
        return actor(rank);
      }
    }
    throw new ReplicaLost("all %d actors of %s are lost".formatted(size(), name()));
  }

  /// The only actor of a mesh of size one.
  ///
  /// @throws IllegalStateException if the mesh has more actors
  public T only() {
    if (size() != 1) {
      throw new IllegalStateException(
          "only a mesh of one actor has 'the' actor: mesh=%s size=%d; use at, slice or choose"
              .formatted(name(), size()));
    }
    return actor(0);
  }

  /// The actor of a rank.
  ///
  /// @throws IllegalArgumentException if there is none
  public T actor(int rank) {
    shape.point(rank);
    return system.stub(type, member(rank), timeout);
  }

  /// The actors by rank.
  @Override
  public Iterator<T> iterator() {
    return IntStream.range(0, size()).mapToObj(this::actor).iterator();
  }

  /// The actors at one place of an axis; the axis is removed.
  public ActorMesh<T> at(String axis, int index) {
    return reshaped(s -> s.at(axis, index));
  }

  /// The actors of a range of an axis.
  public ActorMesh<T> slice(String axis, int from, int to) {
    return reshaped(s -> s.slice(axis, from, to));
  }

  /// The same actors along other axes, see [Shape].
  public ActorMesh<T> reshaped(UnaryOperator<Shape> change) {
    return new ActorMesh<>(system, type, actors, change.apply(shape), timeout);
  }

  /// The same actors, with another deadline for calls.
  public ActorMesh<T> within(Duration limit) {
    return new ActorMesh<>(system, type, actors, shape, limit);
  }

  /// The number of actors.
  public int size() {
    return shape.size();
  }

  /// Axes and sizes.
  public Shape shape() {
    return shape;
  }

  /// Its name.
  public String name() {
    return actors.name();
  }

  /// Ranks of actors that are lost.
  public List<Integer> lost() {
    return IntStream.range(0, size()).filter(rank -> member(rank).slot().isGone()).boxed().toList();
  }

  /// Waits until every actor is constructed.
  ///
  /// @throws ReplicaLost if one is lost, or its constructor failed
  /// @throws dev.burnish.link.failure.CallTimedOut if that takes longer
  public void await(Duration limit) {
    Deadline deadline = Deadline.in(system.clock(), limit);
    ask(deadline, (link, ref) -> system.remote().await(link, ref.number(), deadline.time()));
  }

  /// Pings every actor; an actor answers at once even while it is busy.
  ///
  /// @throws ReplicaLost if one is lost
  /// @throws dev.burnish.link.failure.CallTimedOut if one does not answer in time
  public void probe(Duration limit) {
    Deadline deadline = Deadline.in(system.clock(), limit);
    ask(deadline, (link, ref) -> system.remote().ping(link, ref.number(), deadline.time()));
  }

  private void ask(Deadline deadline, BiFunction<Link, ActorRef, OpenCall> question) {
    List<OpenCall> asked = new ArrayList<>();
    for (int rank = 0; rank < size(); rank++) {
      ActorRef ref = member(rank).ref(deadline);
      asked.add(question.apply(system.switchboard().link(ref.process(), deadline), ref));
    }
    asked.forEach(call -> call.await(system.loader()));
  }

  /// Tells `listener` when the connection to an actor is lost, which is before the reason is known:
  /// at once if it is lost already. The listener must not wait.
  public void onLost(Consumer<ReplicaLost> listener) {
    for (int rank = 0; rank < size(); rank++) {
      try {
        Deadline deadline = Deadline.in(system.clock(), timeout);
        ActorRef ref = member(rank).ref(deadline);
        system.switchboard().link(ref.process(), deadline).onDown(listener);
      } catch (ReplicaLost e) {
        listener.accept(e);
      }
    }
  }

  /// Such as `counters{hosts=1, gpus=4}`.
  @Override
  public String toString() {
    return name() + shape.extent();
  }

  /// The form in which the mesh travels to another process, for packages above that make handles.
  public ActorsForm form() {
    return new ActorsForm(
        name(),
        shape,
        actors.members().stream().map(member -> member.made().now()).toList(),
        actors.owner());
  }

  private Member member(int rank) {
    return actors.members().get(shape.position(rank));
  }
}
