package dev.burnish.serve;

import dev.burnish.engine.QueuedGenerator;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.rollout.FinishReason;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/// Serves requests for completions: has the engine make them, and writes the answer whole or as
/// events.
final class Completer {
  private final ModelCard model;
  private final QueuedGenerator engine;
  private final ActiveRequests active;
  private final ServerMetrics metrics;
  private final ClientDeadline deadline;
  private final ServerSettings.Limits limits;
  private final RequestReader reader;

  Completer(
      ModelCard model,
      QueuedGenerator engine,
      ActiveRequests active,
      ClientDeadline deadline,
      ServerSettings.Limits limits) {
    this.model = model;
    this.engine = engine;
    this.active = active;
    this.metrics = new ServerMetrics();
    this.deadline = deadline;
    this.limits = limits;
    this.reader = new RequestReader(model, limits.choices());
  }

  ServerMetrics metrics() {
    return metrics;
  }

  ActiveRequests active() {
    return active;
  }

  String metricsText() {
    return metrics.text(engine.stats(), active.count());
  }

  /// `POST /v1/completions`
  void completion(Fields fields, ServerResponse response) {
    GenerationRequest request = reader.completion(fields);
    answer(request, new CompletionWriter(head("cmpl-"), request, texts(request)), response);
  }

  /// `POST /v1/chat/completions`
  void chat(Fields fields, ServerResponse response) {
    GenerationRequest request = reader.chat(fields);
    answer(request, new ChatWriter(head("chatcmpl-"), request, texts(request)), response);
  }

  /// The tokens of `POST /tokenize`
  int[] tokens(Fields fields) {
    return reader.tokens(fields);
  }

  private AnswerWriter.Head head(String prefix) {
    String id = prefix + UUID.randomUUID().toString().replace("-", "");
    return new AnswerWriter.Head(id, model.name(), Instant.now().getEpochSecond());
  }

  private TokenTexts texts(GenerationRequest request) {
    return new TokenTexts(model.tokenizer(), request.format().namesTokensById());
  }

  private void answer(GenerationRequest request, AnswerWriter writer, ServerResponse response) {
    long start = System.nanoTime();
    AtomicBoolean left = new AtomicBoolean();
    try (Generation generation = start(request);
        ActiveRequests.Entry _ = active.add(generation);
        ClientConnection.Watch _ =
            ClientConnection.current()
                .watch(() -> {
                  left.set(true);
                  generation.abort();
                })) {
      try {
        if (request.format().delivery() == GenerationRequest.Delivery.WHOLE) {
          whole(generation, writer, left, response);
        } else {
          stream(generation, request, writer, response, start);
        }
      } catch (CloseConnectionException e) { // a write failed
        left.set(true);
        throw e;
      } catch (RuntimeException e) {
        throw left.get() ? new CloseConnectionException("the client has left", e) : e;
      } finally {
        if (left.get()) {
          metrics.clientLeft();
        }
        metrics.generated(request, generation.sampled(), System.nanoTime() - start);
      }
    }
  }

  /// The prompts were checked before, so that a refusal here is the engine's word on them.
  private Generation start(GenerationRequest request) {
    active.requireRunning();
    try {
      return Generation.start(engine, request, model, limits.request());
    } catch (IllegalArgumentException e) {
      throw ApiError.of(ApiError.Kind.INVALID, String.valueOf(e.getMessage()));
    } catch (Overloaded e) {
      throw ApiError.of(ApiError.Kind.OVERLOADED, String.valueOf(e.getMessage()));
    }
  }

  private void whole(
      Generation generation, AnswerWriter writer, AtomicBoolean left, ServerResponse response) {
    List<Piece> choices = generation.await();
    if (left.get()) {
      throw new CloseConnectionException("the client has left");
    }
    if (choices.stream().anyMatch(Completer::isAborted)) {
      active.requireRunning();
      throw ApiError.of(
              ApiError.Kind.STOPPING,
              "a request must end within %d s, and this one did not; ask for fewer tokens"
                  .formatted(limits.request().toSeconds()))
          .withCode("timeout");
    }
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    String answer = writer.whole(choices, generation.sampled()).toString();
    deadline.within(ClientConnection.current(), () -> response.send(answer));
  }

  private static boolean isAborted(Piece piece) {
    return piece.ending().equals(Optional.of(FinishReason.ABORTED));
  }

  private void stream(
      Generation generation,
      GenerationRequest request,
      AnswerWriter writer,
      ServerResponse response,
      long start) {
    generation.followTickets();
    Optional<Piece> piece = generation.next(); // a prompt that fails has a status of its own
    metrics.firstToken(System.nanoTime() - start);
    try (EventStream events = new EventStream(response, deadline)) {
      try {
        write(piece, generation, writer, events);
        if (request.format().delivery() == GenerationRequest.Delivery.STREAMED_WITH_USAGE) {
          events.send(writer.usageEvent(generation.sampled()));
        }
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) { // too late for a status
        events.send(ApiError.of(ApiError.Kind.INTERNAL, "the server failed: " + e).toJson());
      }
      events.done();
    }
  }

  private static void write(
      Optional<Piece> first, Generation generation, AnswerWriter writer, EventStream events) {
    writer.opening().forEach(events::send);
    Set<Integer> begun = new HashSet<>();
    for (Optional<Piece> next = first; next.isPresent(); next = generation.next()) {
      Piece piece = next.get();
      events.send(writer.event(piece, begun.add(piece.choice())));
    }
  }
}
