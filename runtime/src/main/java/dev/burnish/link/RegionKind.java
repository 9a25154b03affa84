package dev.burnish.link;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.DataPlane.Way;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Handle;
import dev.burnish.wire.HandleKind;
import dev.burnish.wire.Session;
import java.io.IOException;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// Regions as arguments and results, see [Region].
public final class RegionKind implements HandleKind {
  /// How long the region of a broadcast is kept: no message tells whether it was received.
  private static final Duration BROADCAST = Duration.ofMinutes(10);

  /// The form in which a region travels.
  ///
  /// @param id at its owner
  /// @param path of its file on its host; empty if there is none
  /// @param access of the receiver
  /// @param owner the process that has the bytes
  /// @param lease of the sender, which ends when the receiver has the bytes, or a lease of its own
  record RegionForm(
      long id,
      long size,
      String path,
      String label,
      Region.Access access,
      ProcessAddress owner,
      long lease) {}

  @Override
  public Optional<Handle<?, ?>> bind(Type declared, Codecs codecs) {
    return declared == Region.class ? Optional.of(new Regional()) : Optional.empty();
  }

  /// In place of the alarm of a lease that has ended.
  private static final Alarm ENDED = () -> {};

  private static final class Regional implements Handle<Region, RegionForm> {
    @Override
    public Class<RegionForm> form() {
      return RegionForm.class;
    }

    @Override
    public RegionForm export(Region region, Session session) {
      CallSession call = CallSession.of(session);
      Link link = call.link();
      Region leased = call.isResult() ? region : region.share();
      boolean here = region.isHere();
      if (here) {
        link.regions().passOn(leased);
      }
      Streams streams = link.streams();
      AtomicReference<Alarm> limit = new AtomicReference<>(Alarm.NONE);
      long lease =
          streams.lease(
              call,
              () -> {
                limit.getAndSet(ENDED).cancel();
                if (here) {
                  link.regions().forget(leased);
                }
                leased.close();
              });
      if (call.isBroadcast()) {
        Alarm alarm = link.after(BROADCAST, sender -> sender.streams().abandon(lease));
        if (!limit.compareAndSet(Alarm.NONE, alarm)) {
          alarm.cancel(); // all receivers have taken it in the meantime
        }
      }
      return here ? form(region, link, lease) : form(region, region.elsewhere(), lease);
    }

    private static RegionForm form(Region region, Link link, long lease) {
      return new RegionForm(
          region.id(),
          region.size(),
          region.path(),
          region.label(),
          region.access(),
          link.self(),
          lease);
    }

    /// Of a region of another host: the receiver turns to its owner.
    private static RegionForm form(Region region, Region.Elsewhere place, long lease) {
      return new RegionForm(
          place.id(),
          region.size(),
          place.source().path(),
          place.source().label(),
          region.access(),
          place.owner(),
          lease);
    }

    @Override
    public Region restore(RegionForm form, Session session) {
      CallSession call = CallSession.of(session);
      Link link = call.link();
      try {
        Region region = obtain(form, call);
        call.atEnd(region::close);
        return region;
      } finally {
        link.send(Regions.release(form.lease()));
      }
    }

    private static Region obtain(RegionForm form, CallSession call) {
      Link link = call.link();
      boolean isOfThisHost = form.owner().host().equals(link.self().host());
      if (isOfThisHost && !form.path().isEmpty()) {
        boolean isSame = form.owner().equals(link.self());
        link.plane().tell(form.owner(), isSame ? Way.SAME_PROCESS : Way.SAME_HOST);
        try {
          return call.isResult()
              ? Region.openResult(form.path(), form.label(), form.size(), form.access())
              : Region.open(form.path(), form.label(), form.size(), form.access());
        } catch (IOException e) {
          throw new ReplicaLost(
              "a region of %s cannot be opened: %s".formatted(form.owner(), e.getMessage()), e);
        }
      }
      if (form.access() == Region.Access.WRITE) {
        throw new IllegalArgumentException(
            "memory that processes share must stay on its host: owner=%s receiver=%s; pass a region that was not allocated as shared"
                .formatted(form.owner(), link.self()));
      }
      if (form.access() == Region.Access.IN_PLACE && !isOfThisHost) {
        link.plane().tell(form.owner(), Way.OTHER_HOST);
        return Regions.hold(link, form);
      }
      link.plane().tell(form.owner(), Way.WITH_MESSAGES);
      Region region = Region.empty(form.size());
      Link bulk = link.another();
      try {
        Regions.fetch(bulk, form.id(), region.segment());
        return region;
      } catch (RuntimeException e) {
        region.close();
        throw e;
      } finally {
        bulk.close("the region has come");
      }
    }
  }
}
