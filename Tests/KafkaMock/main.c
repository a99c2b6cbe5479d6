// SPDX-License-Identifier: Apache-2.0

// Serves librdkafka's mock cluster to other processes, and obeys commands on standard input.
//
//   create TOPIC PARTITIONS      up BROKER        down BROKER
//   leader TOPIC PARTITION BROKER                 errors APIKEY CODE...
//
// It prints the bootstrap servers on one line, and `ok` after each command; it ends with its input.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { brokers = 3, replicas = 3, longest_line = 1024, most_errors = 100 };

static int obey(rd_kafka_mock_cluster_t *cluster, char *line) {
    char topic[256];
    int a = 0, b = 0;
    if (sscanf(line, "create %255s %d", topic, &a) == 2)
        return rd_kafka_mock_topic_create(cluster, topic, a, replicas) == 0;
    if (sscanf(line, "up %d", &a) == 1) return rd_kafka_mock_broker_set_up(cluster, a) == 0;
    if (sscanf(line, "down %d", &a) == 1) return rd_kafka_mock_broker_set_down(cluster, a) == 0;
    if (sscanf(line, "leader %255s %d %d", topic, &a, &b) == 3)
        return rd_kafka_mock_partition_set_leader(cluster, topic, a, b) == 0;
    if (strncmp(line, "errors ", 7) == 0) {
        rd_kafka_resp_err_t codes[most_errors];
        size_t count = 0;
        strtok(line, " \n");
        char *word = strtok(NULL, " \n");
        if (word == NULL) return 0;
        int16_t key = (int16_t)atoi(word);
        while (count < most_errors && (word = strtok(NULL, " \n")) != NULL)
            codes[count++] = (rd_kafka_resp_err_t)atoi(word);
        rd_kafka_mock_push_request_errors_array(cluster, key, count, codes);
        return 1;
    }
    return 0;
}

int main(void) {
    char reason[512];
    rd_kafka_conf_t *configuration = rd_kafka_conf_new();
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, reason, sizeof reason);
    if (client == NULL) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, brokers);
    if (cluster == NULL) return 1;
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    char line[longest_line];
    while (fgets(line, sizeof line, stdin) != NULL) {
        puts(obey(cluster, line) ? "ok" : "refused");
        fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(client);
    return 0;
}
