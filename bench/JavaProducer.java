import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own producer: writes the lines of its input, in turn, to the partitions of a topic. bench/java-producer.ts starts it. */
class JavaProducer {
  public static void main(String[] args) throws Exception {
    String topic = args[0];
    int partitions = Integer.parseInt(args[1]);
    Properties properties = new Properties();
    for (int index = 2; index < args.length; index += 1) {
      int split = args[index].indexOf('=');
      properties.put(args[index].substring(0, split), args[index].substring(split + 1));
    }
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, bytes, bytes);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      int count = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        byte[] value = line.getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(topic, count % partitions, null, value), (written, failure) -> {
          if (failure != null) {
            failure.printStackTrace();
            System.exit(1);
          }
        });
        count += 1;
      }
      producer.flush();
    }
  }
}
