package dev.burnish.engine;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.nn.FlatLayout;
import dev.burnish.rollout.VersionRange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongPredicate;

/// Which weights a generator computes with, and how others take their place.
///
/// A version that was packed for this machine is read where it is, and swapped in between two steps
/// at no cost. Any other one is laid out here: while nothing runs over the one in use, else in a
/// second memory, one part at a time between two steps, and swapped in when all parts are there;
/// that memory is kept for the next. A version is opened, and so checked, before anything in use is
/// touched; one that is laid out here computes what its publisher computed before it comes into
/// use.
///
/// Used by the thread that generates, except [#openAside], [#announce] and [#version].
final class WeightSwitch implements AutoCloseable {
  /// A version that is being laid out between steps.
  private static final class Underway {
    final Takeover takeover;
    final ServedModel model;
    int next;

    Underway(Takeover takeover, ServedModel model) {
      this.takeover = takeover;
      this.model = model;
    }
  }

  private static final System.Logger LOG = System.getLogger(WeightSwitch.class.getName());

  private final WeightSource source;
  private final Inbox inbox;
  private final List<FlatLayout> layouts;
  // For checks by any thread; open as long as this.
  private final ServedModel first;
  private ServedModel serving;
  private Optional<ServedModel> spare = Optional.empty();
  private Optional<Underway> underway = Optional.empty();
  private volatile OptionalLong version = OptionalLong.empty();
  private boolean hasToldForm;

  /// Loads the newest version there is.
  ///
  /// @param model without weights; closed with this
  WeightSwitch(ServedModel model, WeightSource source, Inbox inbox) {
    this.source = source;
    this.inbox = inbox;
    serving = model;
    first = model;
    layouts = model.decoder().trainedWeights().layouts();
    takeOver(new Takeover(open(VersionRange.ANY), WeightUpdate.KEEP));
  }

  /// The newest version in a range, found to be of this model and, where that takes no memory for
  /// all of it, to compute what its publisher computed.
  ///
  /// @throws IllegalArgumentException if there is none, or it is not
  WeightSource.Snapshot open(VersionRange versions) {
    return open(versions, () -> {});
  }

  /// The same for another thread, which leaves time to the one that generates.
  WeightSource.Snapshot openAside(VersionRange versions) {
    return open(versions, new Rest());
  }

  private WeightSource.Snapshot open(VersionRange versions, Runnable afterBlock) {
    WeightSource.Snapshot snapshot = source.open(versions);
    try {
      if (!versions.contains(snapshot.version())) {
        throw new IllegalArgumentException(
            "a source must give a version of the range: version=%d range=%s"
                .formatted(snapshot.version(), versions));
      }
      ServedModel.requireFit(layouts, snapshot);
      if (snapshot.canary().isPresent() && first.checksAside(snapshot)) {
        requireSame(snapshot, first.check(snapshot, afterBlock), inUse());
      }
      return snapshot;
    } catch (RuntimeException e) {
      snapshot.close();
      throw e;
    }
  }

  private String inUse() {
    OptionalLong known = version;
    return known.isPresent()
        ? "version=%d stays in use".formatted(known.getAsLong())
        : "no version is in use";
  }

  /// Compares what is laid out with what its publisher computed, where [#open] could not.
  private void requireSame(ServedModel laidOut, WeightSource.Snapshot snapshot, String rest) {
    if (!laidOut.checksAside(snapshot)) {
      requireSame(snapshot, laidOut.differsFrom(snapshot), rest);
    }
  }

  /// @param difference of what is computed here
  /// @param rest of the message: what is in use
  private static void requireSame(
      WeightSource.Snapshot snapshot, Optional<String> difference, String rest) {
    difference.ifPresent(how -> {
      String message =
          "weights must compute here what their publisher computed: version=%d %s; %s; publish the version again, or restart this generator"
              .formatted(snapshot.version(), how, rest);
      LOG.log(System.Logger.Level.ERROR, message);
      throw new IllegalArgumentException(message);
    });
  }

  /// Announces a version, to be taken over as soon as the calls allow it, and waits until it was or
  /// cannot be yet.
  void announce(Takeover takeover) {
    try {
      inbox.announce(takeover).ifPresent(Takeover::end);
    } catch (IllegalStateException e) {
      takeover.end();
      throw e;
    }
    takeover.await();
  }

  /// The version that came into use last.
  long version() {
    return version.orElseThrow();
  }

  ServedModel serving() {
    return serving;
  }

  /// Makes the weights in use be of that range, an announced version before others.
  ///
  /// @throws IllegalArgumentException if there is no such version; the weights in use stay
  void prepare(VersionRange versions) {
    Optional<Takeover> announced =
        inbox.takeAnnounced(takeover -> versions.contains(takeover.version()));
    if (announced.isPresent()) {
      drop();
      takeOver(announced.get());
    } else if (underway.filter(u -> versions.contains(u.takeover.version())).isPresent()) {
      finish();
    } else if (!isServing(versions)) {
      takeOver(new Takeover(open(versions), WeightUpdate.KEEP));
    }
  }

  private boolean isServing(VersionRange versions) {
    return serving.version().isPresent() && versions.contains(serving.version().getAsLong());
  }

  /// Takes over what was announced, while no request has begun.
  void takeOverAtOnce() {
    finish();
    inbox.takeAnnounced(_ -> true).ifPresent(this::takeOverForCaller);
  }

  private void takeOverForCaller(Takeover takeover) {
    try {
      takeOver(takeover);
    } catch (RuntimeException e) {
      // The caller has it.
    }
  }

  /// Brings a version into use while nothing is computed.
  private void takeOver(Takeover takeover) {
    if (isServing(VersionRange.exactly(takeover.version()))) {
      takeover.end();
      return;
    }
    try {
      if (serving.readsInPlace(takeover.snapshot())) {
        serving.use(takeover.snapshot());
        version = OptionalLong.of(takeover.version());
        takeover.answer();
        return;
      }
      tellForm(takeover.snapshot());
      for (int part = 0; part < layouts.size(); part++) {
        serving.load(part, takeover.snapshot());
      }
      requireSame(serving, takeover.snapshot(), "no version is in use");
      serve(serving, takeover);
    } catch (RuntimeException | OutOfMemoryError e) {
      RuntimeException failure = failure(takeover, e);
      takeover.fail(failure);
      throw failure;
    }
  }

  /// Says once that others packed the weights for other kernels than those of this process.
  private void tellForm(WeightSource.Snapshot snapshot) {
    Optional<PackedLayout> packed = snapshot.packed();
    if (packed.isPresent() && !hasToldForm) {
      hasToldForm = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "weights are packed here again, in memory of this process: they were published in {0}, panels of {1} columns, which its kernels do not read",
          packed.get().format(),
          packed.get().columns());
    }
  }

  private static RuntimeException failure(Takeover takeover, Throwable e) {
    return new IllegalStateException(
        "weights cannot be laid out: version=%d: %s".formatted(takeover.version(), e), e);
  }

  private void serve(ServedModel model, Takeover takeover) {
    model.complete(takeover.version());
    serving = model;
    version = OptionalLong.of(takeover.version());
    takeover.end();
  }

  /// Does the next piece of a takeover between two steps.
  ///
  /// @param allowed which versions the requests that have begun may be continued with
  /// @return the takeover that this ended, if it did
  Optional<Takeover> advance(LongPredicate allowed) {
    if (underway.isEmpty()) {
      Optional<Takeover> begun = begin(allowed);
      if (begun.isPresent()) {
        return begun.filter(takeover -> isServing(VersionRange.exactly(takeover.version())));
      }
    }
    if (underway.isEmpty()) {
      return Optional.empty();
    }
    Takeover takeover = underway.get().takeover;
    if (allowed.test(takeover.version())) {
      loadNext(underway.get());
    } else {
      takeover.answer();
    }
    return isServing(VersionRange.exactly(takeover.version()))
        ? Optional.of(takeover)
        : Optional.empty();
  }

  /// Whether a takeover has begun that is unfinished.
  boolean isUnderway() {
    return underway.isPresent();
  }

  /// Begins to take over what was announced, if it is allowed.
  ///
  /// @return the takeover, if it has ended with that
  private Optional<Takeover> begin(LongPredicate allowed) {
    Optional<Takeover> announced = inbox.announced().filter(t -> t.update().swaps());
    if (announced.filter(takeover -> allowed.test(takeover.version())).isEmpty()) {
      announced.ifPresent(Takeover::answer);
      return Optional.empty();
    }
    Optional<Takeover> taken =
        inbox.takeAnnounced(t -> t.update().swaps() && allowed.test(t.version()));
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    if (isServing(VersionRange.exactly(taken.get().version()))) {
      taken.get().end();
      return Optional.empty();
    }
    if (serving.readsInPlace(taken.get().snapshot())) {
      takeOverForCaller(taken.get());
      return taken;
    }
    layOutBeside(taken.get());
    return Optional.empty();
  }

  private void layOutBeside(Takeover takeover) {
    tellForm(takeover.snapshot());
    try {
      ServedModel model = spare.isPresent() ? spare.get() : serving.twin();
      spare = Optional.of(model);
      underway = Optional.of(new Underway(takeover, model));
    } catch (RuntimeException | OutOfMemoryError e) {
      takeover.fail(failure(takeover, e));
    }
  }

  private void loadNext(Underway u) {
    try {
      u.model.load(u.next++, u.takeover.snapshot());
      if (u.next == layouts.size()) {
        requireSame(u.model, u.takeover.snapshot(), inUse());
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      underway = Optional.empty();
      u.takeover.fail(failure(u.takeover, e));
      return;
    }
    if (u.next == layouts.size()) {
      underway = Optional.empty();
      spare = Optional.of(serving);
      serve(u.model, u.takeover);
    }
  }

  /// Lays out at once what is left of a takeover.
  private void finish() {
    while (underway.isPresent()) {
      loadNext(underway.get());
    }
  }

  private void drop() {
    underway.ifPresent(u -> u.takeover.end());
    underway = Optional.empty();
  }

  @Override
  public void close() {
    drop();
    inbox.takeAnnounced(_ -> true).ifPresent(t -> t.fail(Inbox.closed()));
    spare.ifPresent(ServedModel::close);
    serving.close();
  }
}
