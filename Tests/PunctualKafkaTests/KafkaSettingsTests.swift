// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualKafka
import PunctualLoop
import Testing

@Suite struct KafkaSettingsTests {
    @Test func `reads pairs separated by commas, and lists as values`() throws {
        let list = try KafkaProperty.list("security.protocol=SSL,debug=broker,topic,linger.ms=0")
        #expect(
            list == [
                KafkaProperty("security.protocol", "SSL"), KafkaProperty("debug", "broker,topic"),
                KafkaProperty("linger.ms", "0"),
            ]
        )
    }

    @Test func `reads one pair a line, commas and all`() throws {
        let list = try KafkaProperty.list("sasl.username=me\nsasl.password=a,b=c\n")
        #expect(list.last == KafkaProperty("sasl.password", "a,b=c"))
    }

    @Test(arguments: ["broker", "=x", "group.id=mine", "enable.idempotence=false"])
    func `refuses what is no pair or would break a promise`(_ text: String) {
        #expect(throws: KafkaError.self) { try KafkaProperty.list(text) }
    }

    @Test(arguments: [("no.such.property", "secret"), ("linger.ms", "secret")])
    func `names a property that librdkafka refuses, and never its value`(
        _ name: String,
        _ value: String
    ) async throws {
        let loop = try LoopExecutor(name: "kafka-test")
        let settings = KafkaSettings(
            brokers: "127.0.0.1:1",
            properties: [KafkaProperty(name, value)]
        )
        let error = #expect(throws: KafkaError.self) {
            _ = try KafkaProducer(settings, loop: loop, logger: Logger(label: "test"))
        }
        #expect(error?.message.contains(name) == true)
        #expect(error?.message.contains(value) == false)
        await loop.shutdown()
    }
}
