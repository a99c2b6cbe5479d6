// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualCore
internal import PunctualKafka

/// Prints the topics that Punctual expects, so that deployments are made from one table.
struct TopicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Print the topics of Kafka that Punctual writes and reads.",
        discussion: """
            As JSON lines, as KafkaTopic resources of Strimzi, or as arguments of kafka-topics.sh:

              punctual topics --format kafka-topics \\
                | xargs -L 1 kafka-topics.sh --bootstrap-server localhost:9092
            """
    )

    /// The forms in which they are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case json, strimzi
        case kafkaTopics = "kafka-topics"
    }

    @Option(help: "json, strimzi or kafka-topics.")
    var format = Format.json

    @Option(help: "On how many brokers each message is kept.")
    var replicas = 3

    @Option(help: "The name of Strimzi's Kafka resource.")
    var cluster = "kafka"

    func validate() throws {
        guard (1...Int(Int16.max)).contains(replicas) else {
            throw ValidationError("--replicas is a number from 1 to \(Int16.max).")
        }
    }

    func run() { for topic in KafkaTopic.all { print(text(topic)) } }

    private func text(_ topic: KafkaTopic) -> String {
        switch format {
        case .json:
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("name", topic.name)
                writer.member("partitions", Int64(topic.partitions))
                writer.member("retention_ms", topic.retentionMilliseconds)
            }
            return writer.text
        case .strimzi:
            return """
                ---
                apiVersion: kafka.strimzi.io/v1beta2
                kind: KafkaTopic
                metadata:
                  name: \(topic.name)
                  labels:
                    strimzi.io/cluster: \(cluster)
                spec:
                  partitions: \(topic.partitions)
                  replicas: \(replicas)
                  config:
                    retention.ms: \(topic.retentionMilliseconds)
                """
        case .kafkaTopics:
            return "--create --if-not-exists --topic \(topic.name)"
                + " --partitions \(topic.partitions) --replication-factor \(replicas)"
                + " --config retention.ms=\(topic.retentionMilliseconds)"
        }
    }
}
