package dev.burnish.service;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// See [DialUser].
final class DialUserActor implements DialUser {
  private final Service<Dial> dials;
  private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
  private final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());
  private Optional<Session<Dial>> session = Optional.empty();

  DialUserActor(Service<Dial> dials) {
    this.dials = dials;
  }

  @Override
  public List<Integer> read(int times) {
    return IntStream.range(0, times).map(i -> dials.route().get()).boxed().toList();
  }

  @Override
  public void begin(int numCalls) {
    for (int i = 0; i < numCalls; i++) {
      boolean catches = i % 2 == 0;
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  Dial dial = dials.route();
                  outcomes.add(String.valueOf(catches ? dial.hold() : dial.holdOrThrow()));
                } catch (RuntimeException e) {
                  outcomes.add(e.getClass().getSimpleName());
                }
              }));
    }
  }

  @Override
  public List<String> outcomes() {
    for (Thread thread : List.copyOf(threads)) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return outcomes.stream().sorted().toList();
  }

  @Override
  public void open() {
    Session<Dial> opened = dials.session();
    session = Optional.of(opened);
    opened.actor().get();
  }

  @Override
  public int readInSession() {
    return session.orElseThrow().actor().get();
  }

  @Override
  public void end() {
    session.orElseThrow().close();
  }
}
