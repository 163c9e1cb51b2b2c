/**
 * Writes logs of every kind to a Kafka cluster and reads them with Kafka's own consumer, the independent one: a line per
 * record with offset, timestamp and a digest of key, value and headers. Started from its source: java -cp <jars> LogTool.java
 */
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public final class LogTool {
  private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
  private static final int LARGE = 5 * 1024 * 1024;

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "make" -> make(args[1], Long.parseLong(args[2]), Integer.parseInt(args[3]));
      case "read" -> read(args[1], args[2], args[3], Path.of(args[4]));
      default -> throw new IllegalArgumentException(args[0]);
    }
    // An open transaction must stay open: no producer is closed in order at the end.
    Runtime.getRuntime().halt(0);
  }

  // Making.

  private static void make(String bootstrap, long seed, int records) throws Exception {
    Random random = new Random(seed);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      createTopics(admin);
      for (String codec : CODECS) plain(bootstrap, random, codec, records * 15 / 100);
      transactions(bootstrap, random, records * 15 / 100);
      compacted(bootstrap, random, records * 5 / 100);
      deleted(admin, bootstrap, random, records * 5 / 100);
    }
  }

  private static void createTopics(Admin admin) throws Exception {
    List<NewTopic> topics = new ArrayList<>();
    for (String codec : CODECS) topics.add(new NewTopic("log-" + codec, 6, (short) 1));
    topics.add(new NewTopic("log-transactions", 4, (short) 1));
    topics.add(new NewTopic("log-deleted", 3, (short) 1));
    topics.add(
        new NewTopic("log-compacted", 3, (short) 1)
            .configs(
                Map.of(
                    "cleanup.policy", "compact",
                    "segment.bytes", "1048576",
                    "segment.ms", "1000",
                    "min.cleanable.dirty.ratio", "0.001",
                    "max.compaction.lag.ms", "1000",
                    "delete.retention.ms", "1000")));
    admin.createTopics(topics).all().get();
  }

  private static Properties producing(String bootstrap, String codec) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("compression.type", codec);
    properties.put("max.request.size", LARGE + 60_000);
    properties.put("buffer.memory", 64L * 1024 * 1024);
    properties.put("linger.ms", 5);
    properties.put("batch.size", 64 * 1024);
    return properties;
  }

  private static KafkaProducer<byte[], byte[]> open(Properties properties) {
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static void plain(String bootstrap, Random random, String codec, int records) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = open(producing(bootstrap, codec))) {
      for (int at = 0; at < records; at++) producer.send(record(random, "log-" + codec, random.nextInt(6), sizeOf(random)));
      // One of each end of the scale in every log.
      producer.send(record(random, "log-" + codec, 0, 1));
      producer.send(record(random, "log-" + codec, 1, LARGE));
      producer.send(record(random, "log-" + codec, 1, LARGE - 17));
      producer.flush();
    }
  }

  /** Four producers take turns within their transactions, a fifth writes without; some abort, one is left open. */
  private static void transactions(String bootstrap, Random random, int records) throws Exception {
    List<KafkaProducer<byte[], byte[]>> producers = new ArrayList<>();
    for (int at = 0; at < 4; at++) {
      Properties properties = producing(bootstrap, CODECS.get(at + 1));
      properties.put("transactional.id", "maker-" + at);
      properties.put("transaction.timeout.ms", 900_000);
      KafkaProducer<byte[], byte[]> producer = open(properties);
      producer.initTransactions();
      producers.add(producer);
    }
    KafkaProducer<byte[], byte[]> outside = open(producing(bootstrap, "none"));
    boolean[] open = new boolean[4];
    int written = 0;
    while (written < records) {
      int at = random.nextInt(4);
      KafkaProducer<byte[], byte[]> producer = producers.get(at);
      if (!open[at]) {
        producer.beginTransaction();
        open[at] = true;
      }
      for (int burst = random.nextInt(400); burst >= 0; burst--, written++)
        producer.send(record(random, "log-transactions", random.nextInt(4), random.nextInt(300)));
      if (random.nextInt(3) == 0) producer.flush();
      for (int burst = random.nextInt(20); burst >= 0; burst--, written++)
        outside.send(record(random, "log-transactions", random.nextInt(4), random.nextInt(300)));
      if (random.nextInt(4) == 0) outside.flush();
      if (random.nextInt(3) > 0) continue;
      if (random.nextInt(5) < 2) producer.abortTransaction();
      else producer.commitTransaction();
      open[at] = false;
    }
    outside.flush();
    for (int at = 0; at < 3; at++)
      if (open[at]) {
        if (random.nextBoolean()) producers.get(at).commitTransaction();
        else producers.get(at).abortTransaction();
      }
    if (!open[3]) producers.get(3).beginTransaction();
    for (int at = 0; at < 200; at++) producers.get(3).send(record(random, "log-transactions", at % 2, 100));
    producers.get(3).flush();
    for (int at = 0; at < 200; at++) outside.send(record(random, "log-transactions", at % 4, 100));
    outside.flush();
  }

  private static void compacted(String bootstrap, Random random, int records) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = open(producing(bootstrap, "lz4"))) {
      for (int at = 0; at < records; at++) {
        byte[] key = ("key " + random.nextInt(records / 20 + 1)).getBytes(StandardCharsets.UTF_8);
        byte[] value = random.nextInt(10) == 0 ? null : bytes(random, 100 + random.nextInt(400));
        producer.send(new ProducerRecord<>("log-compacted", random.nextInt(3), key, value));
      }
      producer.flush();
      // A segment is compacted once a newer one is begun, which a record does when the time of the old one is over.
      Thread.sleep(1_500);
      for (int partition = 0; partition < 3; partition++)
        producer.send(new ProducerRecord<>("log-compacted", partition, bytes(random, 5), bytes(random, 5)));
      producer.flush();
    }
    awaitGaps(bootstrap, "log-compacted");
  }

  private static void awaitGaps(String bootstrap, String topic) throws Exception {
    for (int tries = 0; tries < 60; tries++) {
      try (KafkaConsumer<byte[], byte[]> consumer = consuming(bootstrap, "read_uncommitted")) {
        List<TopicPartition> partitions = partitionsOf(consumer, topic);
        long span = 0;
        long[] found = {0};
        for (long end : consumer.endOffsets(partitions).values()) span += end;
        walk(consumer, partitions, record -> found[0]++);
        if (found[0] < span * 9 / 10) return;
      }
      Thread.sleep(1_000);
    }
    throw new IllegalStateException("the log was not compacted within a minute");
  }

  private static void deleted(Admin admin, String bootstrap, Random random, int records) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = open(producing(bootstrap, "zstd"))) {
      for (int at = 0; at < records; at++)
        producer.send(record(random, "log-deleted", random.nextInt(3), random.nextInt(400)));
      producer.flush();
    }
    Map<TopicPartition, RecordsToDelete> before = new HashMap<>();
    for (int partition = 0; partition < 3; partition++)
      before.put(new TopicPartition("log-deleted", partition), RecordsToDelete.beforeOffset(records / 10 + 3L * partition));
    admin.deleteRecords(before).all().get();
  }

  private static int sizeOf(Random random) {
    int kind = random.nextInt(10_000);
    if (kind == 0) return random.nextInt(200_000);
    if (kind < 100) return random.nextInt(20_000);
    return random.nextInt(400);
  }

  private static ProducerRecord<byte[], byte[]> record(Random random, String topic, int partition, int size) {
    byte[] key = random.nextInt(5) == 0 ? null : bytes(random, random.nextInt(30));
    byte[] value = random.nextInt(50) == 0 && size < 1_000 ? null : bytes(random, Math.max(size - 100, size < 100 ? size : 0));
    List<Header> headers = new ArrayList<>();
    for (int left = random.nextInt(4); left > 1; left--)
      headers.add(new RecordHeader(random.nextInt(3) == 0 ? "ключ" : "h" + left, random.nextInt(4) == 0 ? null : bytes(random, random.nextInt(9))));
    return new ProducerRecord<>(topic, partition, null, key, value, headers);
  }

  /** Half noise, half repetition: what a codec has to do something with. */
  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    for (int at = length / 2; at < length; at++) bytes[at] = (byte) ('a' + (at / 7) % 5);
    return bytes;
  }

  // Reading.

  private interface Visitor {
    void visit(ConsumerRecord<byte[], byte[]> record) throws IOException;
  }

  private static void read(String bootstrap, String topic, String isolation, Path folder) throws Exception {
    Map<Integer, BufferedWriter> files = new HashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer = consuming(bootstrap, isolation)) {
      List<TopicPartition> partitions = partitionsOf(consumer, topic);
      for (TopicPartition partition : partitions)
        files.put(partition.partition(), Files.newBufferedWriter(folder.resolve(partition.partition() + ".txt")));
      MessageDigest digest = MessageDigest.getInstance("MD5");
      walk(consumer, partitions, record -> {
        BufferedWriter file = files.get(record.partition());
        file.write(record.offset() + " " + record.timestamp() + " " + digestOf(digest, record) + "\n");
      });
    }
    for (BufferedWriter file : files.values()) file.close();
  }

  private static KafkaConsumer<byte[], byte[]> consuming(String bootstrap, String isolation) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("isolation.level", isolation);
    properties.put("enable.auto.commit", "false");
    properties.put("max.poll.records", 5_000);
    return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static List<TopicPartition> partitionsOf(KafkaConsumer<byte[], byte[]> consumer, String topic) {
    return consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }

  private static void walk(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Visitor visitor)
      throws IOException {
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition)))
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500)))
        if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) visitor.visit(record);
  }

  private static String digestOf(MessageDigest digest, ConsumerRecord<byte[], byte[]> record) {
    digest.reset();
    feed(digest, record.key());
    feed(digest, record.value());
    for (Header header : record.headers()) {
      feed(digest, header.key().getBytes(StandardCharsets.UTF_8));
      feed(digest, header.value());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void feed(MessageDigest digest, byte[] bytes) {
    digest.update(ByteBuffer.allocate(4).putInt(bytes == null ? -1 : bytes.length).array());
    if (bytes != null) digest.update(bytes);
  }
}
