package dev.burnish.engine;

import dev.burnish.engine.cache.BlockTable;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.StreamingDecoder;
import dev.burnish.text.Tokenizer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// One completion while it grows: its tokens, the blocks of its keys, and whether it is done.
final class Sequence {
  /// The order in which sequences are served: by class, then by arrival. The last is the first to
  /// lose its blocks.
  static final Comparator<Sequence> ORDER =
      Comparator.comparing((Sequence sequence) -> sequence.group().request().priority())
          .thenComparingLong(sequence -> sequence.group().arrival())
          .thenComparingInt(Sequence::sample);

  /// The endings of a completion, in addition to its stop texts.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Endings(int[] tokens, Optional<Tokenizer> tokenizer) {}

  private final GroupTask group;
  private final int sample;
  private final long key;
  private final int room;
  private final Endings endings;
  private final BlockTable table;
  private final Optional<StreamingDecoder> decoder;
  private final StringBuilder text = new StringBuilder();
  private int[] tokens = new int[16];
  private float[] logprobs = new float[16];
  private TokenVersions versions = TokenVersions.of(0, 0);
  private long version;
  private int ofVersion;
  private int length;
  private int cut = -1;
  private boolean stopped;
  private boolean aborted;

  /// @param room most tokens
  Sequence(GroupTask group, int sample, int room, Endings endings, BlockTable table) {
    this.group = group;
    this.sample = sample;
    this.room = room;
    this.endings = endings;
    this.table = table;
    this.key =
        KeyedRandom.bits(group.sampling().seed(), "prompt-" + group.request().index(), sample);
    this.decoder = endings.tokenizer().map(Tokenizer::stream);
  }

  GroupTask group() {
    return group;
  }

  int sample() {
    return sample;
  }

  long key() {
    return key;
  }

  BlockTable table() {
    return table;
  }

  /// Tokens of the completion.
  int length() {
    return length;
  }

  /// Tokens of prompt and completion.
  int numTokens() {
    return group.prompt().length + length;
  }

  /// Tokens whose keys are not in the cache.
  int uncomputed() {
    return numTokens() - table.computed();
  }

  /// Most tokens of prompt and completion.
  int mostTokens() {
    return group.prompt().length + room;
  }

  /// The token at a position of prompt and completion.
  int tokenAt(int position) {
    int[] prompt = group.prompt();
    return position < prompt.length ? prompt[position] : tokens[position - prompt.length];
  }

  boolean done() {
    return stopped || aborted || length >= room;
  }

  /// Ends it where it is, if it has not ended.
  void abort() {
    aborted = !done();
  }

  /// Begins with the tokens of a completion that was aborted.
  void resume(Completion begun) {
    for (int i = 0; i < begun.tokens().length && !done(); i++) {
      append(new Sampler.Draw(begun.tokens()[i], begun.logprobs()[i]), begun.versions().at(i));
    }
  }

  /// @param byVersion of the weights that the token was drawn with
  void append(Sampler.Draw draw, long byVersion) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      logprobs = Arrays.copyOf(logprobs, 2 * length);
    }
    count(byVersion);
    tokens[length] = draw.token();
    logprobs[length++] = draw.logprob();
    for (int end : endings.tokens()) {
      stopped |= end == draw.token();
    }
    List<String> stop = group.sampling().stop().texts();
    if (!stop.isEmpty() && !stopped) {
      int before = text.length();
      if (endings.tokenizer().filter(text -> !text.isSpecial(draw.token())).isPresent()) {
        decoder.ifPresent(decoding -> text.append(decoding.append(draw.token())));
      }
      findStop(stop, before);
    }
  }

  private void count(long byVersion) {
    if (byVersion != version) {
      versions = versions();
      version = byVersion;
      ofVersion = 0;
    }
    ofVersion++;
  }

  private TokenVersions versions() {
    return versions.concat(TokenVersions.of(version, ofVersion));
  }

  private void findStop(List<String> stop, int before) {
    for (String wanted : stop) {
      int at = text.indexOf(wanted, Math.max(0, before - wanted.length() + 1));
      if (at >= 0 && (cut < 0 || at < cut)) {
        cut = at;
        stopped = true;
      }
    }
  }

  Completion completion() {
    int[] ids = Arrays.copyOf(tokens, length);
    String whole =
        cut >= 0
            ? text.substring(0, cut)
            : endings.tokenizer().map(text -> text.decode(ids, true)).orElse("");
    return new Completion(ids, Arrays.copyOf(logprobs, length), versions(), whole, finish());
  }

  private FinishReason finish() {
    if (aborted) {
      return FinishReason.ABORTED;
    }
    return stopped ? FinishReason.STOP : FinishReason.LENGTH;
  }
}
