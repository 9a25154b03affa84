package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.cache.BlockTable;
import dev.burnish.engine.draft.Draft;
import dev.burnish.engine.draft.Drafts;
import dev.burnish.engine.grammar.GrammarState;
import dev.burnish.engine.grammar.Grammars;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.SequenceView;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.TopLogprobs;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.StreamingDecoder;
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/// One completion while it grows: its tokens, the blocks of its keys, and whether it is done.
final class Sequence implements SequenceView {
  /// The order in which sequences are served. The last is the first to lose its blocks.
  static final Comparator<Sequence> ORDER =
      Comparator.comparing((Sequence sequence) -> sequence.group().place())
          .thenComparingInt(Sequence::sample);

  /// The endings of a completion, in addition to its stop texts.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Endings(int[] tokens, Optional<Tokenizer> tokenizer, Grammars grammars) {
    Endings(int[] tokens, Optional<Tokenizer> tokenizer) {
      this(tokens, tokenizer, new Grammars(tokenizer));
    }

    /// @throws IllegalArgumentException if no text of that structure can be generated
    void require(Structure structure) {
      boolean structured = grammars.start(structure).isPresent();
      if (structured && tokens.length == 0) {
        throw new IllegalArgumentException(
            "a structure needs a model with an end token, and this one has none: structure=%s; leave it out"
                .formatted(structure));
      }
    }

    private boolean contain(int token) {
      return IntStream.of(tokens).anyMatch(end -> end == token);
    }
  }

  /// Memory that the sequences of an engine share.
  ///
  /// @param drafts empty where nothing is guessed
  record Memory(BlockManager blocks, Optional<Drafts> drafts) {}

  private final GroupTask group;
  private final int sample;
  private final long key;
  private final int room;
  private final Endings endings;
  private final BlockTable table;
  private final Optional<Drafts> drafts;
  private Optional<Draft> draft = Optional.empty();
  private final Optional<StreamingDecoder> decoder;
  private final StringBuilder text = new StringBuilder();
  private int[] tokens = new int[16];
  private float[] logprobs = new float[16];
  private float[] keptMass = new float[0];
  private final List<TopLogprobs> top = new ArrayList<>();
  private TokenVersions versions = TokenVersions.of(0, 0);
  private long version;
  private int ofVersion;
  private int length;
  private int cut = -1;
  private Optional<GrammarState> grammar;
  private boolean stopped;
  private boolean aborted;

  /// @param room most tokens
  Sequence(GroupTask group, int sample, int room, Endings endings, Memory memory) {
    this.group = group;
    this.sample = sample;
    this.room = room;
    this.endings = endings;
    this.table = new BlockTable(memory.blocks());
    this.drafts = memory.drafts();
    this.key =
        KeyedRandom.bits(group.sampling().seed(), "prompt-" + group.request().index(), sample);
    this.grammar = endings.grammars().start(group.sampling().structure());
    this.decoder = endings.tokenizer().map(Tokenizer::stream);
  }

  GroupTask group() {
    return group;
  }

  int sample() {
    return sample;
  }

  @Override
  public SamplingParams sampling() {
    return group.sampling();
  }

  @Override
  public int promptLength() {
    return group.prompt().length;
  }

  @Override
  public int promptToken(int index) {
    return group.prompt()[index];
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public int token(int index) {
    return tokens[Objects.checkIndex(index, length)];
  }

  @Override
  public Optional<GrammarState> grammar() {
    return grammar;
  }

  @Override
  public long key() {
    return key;
  }

  BlockTable table() {
    return table;
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
      append(drawn(begun, i), begun.versions().at(i));
    }
  }

  private static Draw.Drawn drawn(Completion begun, int index) {
    Completion.Details details = begun.details();
    return new Draw.Drawn(
        begun.tokens()[index],
        begun.logprobs()[index],
        details.keptMass().length == 0 ? 1 : details.keptMass()[index],
        details.top().isEmpty() ? Optional.empty() : Optional.of(details.top().get(index)));
  }

  /// @param byVersion of the weights that the token was drawn with
  void append(Draw.Drawn draw, long byVersion) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      logprobs = Arrays.copyOf(logprobs, 2 * length);
    }
    keepDetails(draw);
    count(byVersion);
    tokens[length] = draw.token();
    logprobs[length++] = draw.logprob();
    follow(draw.token());
    SamplingParams.Stop stop = sampling().stop();
    stopped =
        stop.tokens().contains(draw.token())
            || (stop.atEnd() == SamplingParams.Stop.AtEnd.STOP && endings.contain(draw.token()));
    if (!stopped) {
      grammar = grammar.map(state -> state.after(draw.token()));
    }
    if (!stop.texts().isEmpty() && !stopped) {
      int before = text.length();
      if (endings.tokenizer().filter(text -> !text.isSpecial(draw.token())).isPresent()) {
        decoder.ifPresent(decoding -> text.append(decoding.append(draw.token())));
      }
      if (length >= stop.minTokens()) {
        findStop(stop.texts(), before);
      }
    }
  }

  /// The text of a sample is kept from its first token on: of those that wait there may be many.
  private void follow(int token) {
    draft = draft.or(() -> drafts.map(all -> all.begin(group.prompt())));
    draft.ifPresent(guessing -> guessing.append(token));
  }

  /// Where its next tokens are guessed.
  Optional<Draft> draft() {
    return draft;
  }

  /// Tokens that it may still get.
  int left() {
    return room - length;
  }

  private void keepDetails(Draw.Drawn draw) {
    draw.top().ifPresent(top::add);
    if (sampling().temperature() > 0 && !sampling().truncation().keepsAll()) {
      if (keptMass.length <= length) {
        keptMass = Arrays.copyOf(keptMass, tokens.length);
      }
      keptMass[length] = draw.keptMass();
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
    return new Completion(
        ids, Arrays.copyOf(logprobs, length), versions(), text(ids), finish(), details());
  }

  private Completion.Details details() {
    return keptMass.length == 0 && top.isEmpty()
        ? Completion.Details.NONE
        : new Completion.Details(Arrays.copyOf(keptMass, keptMass.length == 0 ? 0 : length), top);
  }

  /// The text of a completion of those tokens.
  private String text(int[] ids) {
    if (cut >= 0) {
      return text.substring(0, cut);
    }
    boolean hidesLast =
        stopped && (grammar.isPresent() || sampling().stop().tokens().contains(ids[length - 1]));
    int[] shown = hidesLast ? Arrays.copyOf(ids, length - 1) : ids;
    return endings.tokenizer().map(text -> text.decode(shown, true)).orElse("");
  }

  private FinishReason finish() {
    if (aborted) {
      return FinishReason.ABORTED;
    }
    return stopped ? FinishReason.STOP : FinishReason.LENGTH;
  }
}
