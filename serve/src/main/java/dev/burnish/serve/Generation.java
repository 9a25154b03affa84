package dev.burnish.serve;

import dev.burnish.concurrent.Waits;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.engine.RequestListener;
import dev.burnish.engine.Ticket;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;

/// The completions of one request while the engine makes them: one ticket per prompt. The thread of
/// the connection reads pieces; the engine's thread only adds to a queue, so that a client who
/// reads slowly holds up nobody. What waits there is bounded by what the request may sample.
final class Generation implements AutoCloseable {
  /// An event that the engine tells of.
  private sealed interface Event {
    record Sampled(int choice, Piece.Token token) implements Event {}

    record Ended(int choice, FinishReason reason) implements Event {}

    record Failed(RuntimeException cause) implements Event {}
  }

  private final GenerationRequest request;
  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final List<Echo> echoes;
  private final List<ChoiceStream> choices = new ArrayList<>();
  private final List<Ticket> tickets = new ArrayList<>();
  private final Set<Integer> ended = new HashSet<>();
  private long sampled;

  private Generation(GenerationRequest request, ModelCard model, List<Echo> echoes) {
    this.request = request;
    this.echoes = echoes;
    for (int choice = 0; choice < request.numChoices(); choice++) {
      choices.add(new ChoiceStream(choice, model, request, echo(choice)));
    }
  }

  private Echo echo(int choice) {
    return echoes.get(choice / request.sampling().n());
  }

  /// Submits every prompt; prompt `i` is drawn as prompt `i` of a call of the engine is.
  ///
  /// @param timeout after which the engine ends the request
  /// @throws RuntimeException the engine's refusal of a prompt; then none is computed
  static Generation start(
      QueuedGenerator engine, GenerationRequest request, ModelCard model, Duration timeout) {
    Generation generation = new Generation(request, model, Echo.all(request, engine));
    try {
      for (int prompt = 0; prompt < request.prompts().size(); prompt++) {
        Request one =
            Request.of(request.prompts().get(prompt), request.sampling())
                .withIndex(request.firstIndex() + prompt)
                .withTimeout(timeout);
        generation.tickets.add(engine.submit(one, generation.listener(prompt)));
      }
      return generation;
    } catch (RuntimeException e) {
      generation.close();
      throw e;
    }
  }

  /// Follows the samples of a prompt, if somebody reads them as they come.
  private RequestListener listener(int prompt) {
    if (request.format().delivery() == GenerationRequest.Delivery.WHOLE) {
      return RequestListener.NONE;
    }
    int first = prompt * request.sampling().n();
    return new RequestListener() {
      @Override
      public void token(SampledToken token) {
        Piece.Token sampled = new Piece.Token(token.id(), token.logprob(), token.top());
        events.add(new Event.Sampled(first + token.sample(), sampled));
      }

      @Override
      public void ended(int sample, Completion completion) {
        events.add(new Event.Ended(first + sample, completion.finish()));
      }
    };
  }

  /// Tells the reader of pieces how each prompt ends: of a failure only the ticket knows.
  void followTickets() {
    for (int prompt = 0; prompt < tickets.size(); prompt++) {
      int first = prompt * request.sampling().n();
      Ticket ticket = tickets.get(prompt);
      Thread.ofVirtual().name("serve-ticket").start(() -> follow(ticket, first));
    }
  }

  private void follow(Ticket ticket, int first) {
    try {
      List<Completion> completions = ticket.await().completions();
      for (int sample = 0; sample < completions.size(); sample++) {
        events.add(new Event.Ended(first + sample, completions.get(sample).finish()));
      }
    } catch (RuntimeException e) {
      events.add(new Event.Failed(e));
    }
  }

  /// Waits for the next piece; empty after the last.
  ///
  /// @throws RuntimeException the failure of a prompt
  Optional<Piece> next() {
    while (ended.size() < choices.size()) {
      switch (take()) {
        case Event.Sampled(int choice, Piece.Token token) -> {
          sampled++;
          Optional<Piece> piece = choices.get(choice).append(token);
          if (piece.isPresent()) {
            return piece;
          }
        }
        case Event.Ended(int choice, FinishReason reason) -> {
          if (ended.add(choice)) {
            return Optional.of(choices.get(choice).end(reason));
          }
        }
        case Event.Failed(RuntimeException cause) -> throw cause;
      }
    }
    return Optional.empty();
  }

  private Event take() {
    try {
      return Waits.take(events);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while waiting for tokens");
    }
  }

  /// Waits for everything.
  ///
  /// @throws RuntimeException the failure of a prompt
  List<Piece> await() {
    List<Piece> pieces = new ArrayList<>();
    for (Ticket ticket : tickets) {
      Group group = ticket.await();
      sampled += group.unchosenTokens();
      for (Completion completion : group.completions()) {
        sampled += completion.tokens().length;
        int choice = pieces.size();
        pieces.add(Piece.whole(choice, completion, echo(choice), request.format().tools()));
      }
    }
    return pieces;
  }

  /// The number of tokens of the pieces that were read.
  long sampled() {
    return sampled;
  }

  /// Ends what has not ended, so that its memory is free.
  void abort() {
    tickets.stream().filter(ticket -> !ticket.isDone()).forEach(Generation::abort);
  }

  private static void abort(Ticket ticket) {
    try {
      ticket.abort();
    } catch (RuntimeException e) {
      // It failed by itself in the same moment: its memory is free too.
    }
  }

  @Override
  public void close() {
    abort();
  }
}
