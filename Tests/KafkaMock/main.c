// SPDX-License-Identifier: Apache-2.0

// Serves librdkafka's mock cluster to other processes, and obeys commands on standard input.
//
//   create TOPIC PARTITIONS              with three replicas each
//   up BROKER, down BROKER               1 to 3; a broker that is down refuses connections
//   leader TOPIC PARTITION BROKER        -1 leaves the partition without one
//   coordinator GROUP BROKER             of a group of consumers
//   latency BROKER MILLISECONDS          of each request
//   errors APIKEY CODE...                of the next requests of a kind, on any broker
//   errors@BROKER APIKEY CODE...         on one of them
//   clear APIKEY                         what has not come true of them
//   forbid TOPIC CODE                    what every request about a topic is answered; 0 ends it
//
// It prints the bootstrap servers on one line, and `ok` after each command; it ends with its input.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { brokers = 3, replicas = 3, longest_line = 1024, most_errors = 100 };

// Reads `errors` and `errors@BROKER`, whose codes are as many as there are.
static int push_errors(rd_kafka_mock_cluster_t *cluster, char *line) {
    char *rest = NULL;
    char *verb = strtok_r(line, " \n", &rest);
    char *word = strtok_r(NULL, " \n", &rest);
    if (word == NULL) return 0;
    int broker = verb[strlen("errors")] == '@' ? atoi(verb + strlen("errors@")) : -1;
    int16_t key = (int16_t)atoi(word);
    rd_kafka_resp_err_t codes[most_errors];
    size_t count = 0;
    while (count < most_errors && (word = strtok_r(NULL, " \n", &rest)) != NULL)
        codes[count++] = (rd_kafka_resp_err_t)atoi(word);
    if (broker < 0) {
        rd_kafka_mock_push_request_errors_array(cluster, key, count, codes);
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, key, 1, codes[i], 0) != 0)
            return 0;
    return 1;
}

static int obey(rd_kafka_mock_cluster_t *cluster, char *line) {
    char name[256];
    int a = 0, b = 0;
    if (sscanf(line, "create %255s %d", name, &a) == 2)
        return rd_kafka_mock_topic_create(cluster, name, a, replicas) == 0;
    if (sscanf(line, "up %d", &a) == 1) return rd_kafka_mock_broker_set_up(cluster, a) == 0;
    if (sscanf(line, "down %d", &a) == 1) return rd_kafka_mock_broker_set_down(cluster, a) == 0;
    if (sscanf(line, "leader %255s %d %d", name, &a, &b) == 3)
        return rd_kafka_mock_partition_set_leader(cluster, name, a, b) == 0;
    if (sscanf(line, "coordinator %255s %d", name, &a) == 2)
        return rd_kafka_mock_coordinator_set(cluster, "group", name, a) == 0;
    if (sscanf(line, "latency %d %d", &a, &b) == 2)
        return rd_kafka_mock_broker_set_rtt(cluster, a, b) == 0;
    if (sscanf(line, "clear %d", &a) == 1) {
        rd_kafka_mock_clear_request_errors(cluster, (int16_t)a);
        return 1;
    }
    if (sscanf(line, "forbid %255s %d", name, &a) == 2) {
        rd_kafka_mock_topic_set_error(cluster, name, (rd_kafka_resp_err_t)a);
        return 1;
    }
    return strncmp(line, "errors", 6) == 0 && push_errors(cluster, line);
}

// Answers at once, as a broker does: what is accepted inherits it from its listener. Otherwise an
// answer would wait up to 40 ms until the one before is acknowledged (RFC 896).
static void answer_at_once(void) {
    for (int descriptor = 0; descriptor < 256; descriptor++) {
        int is_listening = 0, on = 1;
        socklen_t size = sizeof is_listening;
        if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening)
            setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
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
    answer_at_once();
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
