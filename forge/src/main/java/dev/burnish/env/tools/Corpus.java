package dev.burnish.env.tools;

import dev.burnish.tools.ToolSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.QueryBuilder;

/// Texts that are found by their words, ranked by BM25, in an index of Lucene: in memory, or in a
/// folder. The same texts in the same order and the same query give the same hits. Thread-safe.
///
/// A query is words, not a language; of a long one, the first 500 characters count.
public final class Corpus implements AutoCloseable {
  /// Lucene says there which vectors it uses, on standard error; held, since loggers are forgotten.
  private static final Logger VECTORS =
      Logger.getLogger("org.apache.lucene.internal.vectorization");

  static {
    VECTORS.setLevel(Level.WARNING);
  }

  private static final String ID = "id";
  private static final String TEXT = "text";
  private static final int LONGEST_QUERY = 500;

  private final Directory directory;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;
  private final Analyzer analyzer;

  /// A text.
  ///
  /// @param id by which it is read
  public record Document(String id, String text) {}

  /// A text that was found.
  ///
  /// @param score of BM25; only its order means something
  /// @param snippet the part of the text around the words of the query
  public record Hit(String id, double score, String snippet) {}

  private Corpus(Directory directory) throws IOException {
    this.directory = directory;
    analyzer = new StandardAnalyzer();
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
    searcher.setSimilarity(new BM25Similarity());
    searcher.setQueryCache(null);
  }

  /// An index in memory.
  ///
  /// @throws IllegalArgumentException if two texts have the same id
  public static Corpus of(Iterable<Document> documents) {
    return open(new ByteBuffersDirectory(), documents);
  }

  /// Indexes texts into a folder, in place of what is indexed there.
  ///
  /// @throws UncheckedIOException if it cannot be written
  public static Corpus build(Path folder, Iterable<Document> documents) {
    return open(directory(folder), documents);
  }

  /// The index of a folder.
  ///
  /// @throws UncheckedIOException if there is none
  public static Corpus open(Path folder) {
    return open(directory(folder));
  }

  private static Directory directory(Path folder) {
    try {
      return FSDirectory.open(folder);
    } catch (IOException e) {
      throw failure("open", e);
    }
  }

  private static Corpus open(Directory directory) {
    try {
      return new Corpus(directory);
    } catch (IOException e) {
      throw failure("open", e);
    }
  }

  private static Corpus open(Directory directory, Iterable<Document> documents) {
    IndexWriterConfig config = new IndexWriterConfig(new StandardAnalyzer());
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    config.setSimilarity(new BM25Similarity());
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      int count = 0;
      for (Document document : documents) {
        writer.updateDocument(new Term(ID, document.id()), fields(document));
        count++;
      }
      writer.forceMerge(1);
      writer.commit();
      if (writer.getDocStats().numDocs != count) {
        throw new IllegalArgumentException(
            "each text must have an id of its own: texts=%d ids=%d"
                .formatted(count, writer.getDocStats().numDocs));
      }
    } catch (IOException e) {
      throw failure("build", e);
    }
    return open(directory);
  }

  private static org.apache.lucene.document.Document fields(Document document) {
    var fields = new org.apache.lucene.document.Document();
    fields.add(new StringField(ID, document.id(), Field.Store.YES));
    fields.add(new TextField(TEXT, document.text(), Field.Store.NO));
    fields.add(new StoredField(TEXT, document.text()));
    return fields;
  }

  /// The texts that fit a query best, at most so many; none if no word of it is in any.
  public List<Hit> search(String query, int most) {
    String words = query.substring(0, Math.min(query.length(), LONGEST_QUERY));
    Query parsed = new QueryBuilder(analyzer).createBooleanQuery(TEXT, words);
    if (parsed == null) {
      return List.of();
    }
    try {
      Snippets snippets = Snippets.of(analyzer, words);
      List<Hit> hits = new ArrayList<>();
      StoredFields stored = searcher.storedFields();
      for (ScoreDoc found : searcher.search(parsed, Math.max(1, most)).scoreDocs) {
        var document = stored.document(found.doc);
        hits.add(new Hit(document.get(ID), found.score, snippets.in(document.get(TEXT))));
      }
      return hits;
    } catch (IOException e) {
      throw failure("search", e);
    }
  }

  /// The text of an id.
  public Optional<String> text(String id) {
    try {
      ScoreDoc[] found = searcher.search(new TermQuery(new Term(ID, id)), 1).scoreDocs;
      return found.length == 0
          ? Optional.empty()
          : Optional.of(searcher.storedFields().document(found[0].doc).get(TEXT));
    } catch (IOException e) {
      throw failure("read", e);
    }
  }

  /// The number of texts.
  public int size() {
    return reader.numDocs();
  }

  /// The tools `search` and `read`.
  public ToolSet tools() {
    return ToolSet.of(CorpusTools.class, CorpusTools.of(this));
  }

  @Override
  public void close() {
    try (directory;
        analyzer) {
      reader.close();
    } catch (IOException e) {
      throw failure("close", e);
    }
  }

  private static UncheckedIOException failure(String verb, IOException cause) {
    return new UncheckedIOException("cannot %s an index: %s".formatted(verb, cause), cause);
  }
}
