// SPDX-License-Identifier: Apache-2.0

// One mail by libcurl's easy interface, whose options are variadic and so out of Swift's reach.

#ifndef PUNCTUAL_CCURL_H
#define PUNCTUAL_CCURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <string.h>

/// A mail and the server that takes it; every pointer is valid for the call.
struct punctual_mail {
    const char *url;        ///< smtp:// or smtps://, host and port, without user and password
    const char *username;   ///< NULL for none
    const char *password;   ///< NULL for none
    const char *authorities; ///< a file of certificates in PEM; NULL for the system's
    const char *sender;     ///< an address without brackets
    const char *recipient;  ///< an address without brackets
    const char *message;    ///< RFC 5322, with CRLF
    size_t length;          ///< of the message, in bytes
    int requires_tls;       ///< whether smtp:// must become secure by STARTTLS
    long timeout_ms;        ///< of the whole call
};

/// How it went.
struct punctual_mail_outcome {
    int code;      ///< CURLcode; 0 when the server has taken the mail
    long status;   ///< the server's last reply, 0 when there was none
    char error[CURL_ERROR_SIZE];
};

struct punctual_mail_rest {
    const char *next;
    size_t left;
};

static size_t punctual_mail_read(char *buffer, size_t size, size_t count, void *context) {
    struct punctual_mail_rest *rest = (struct punctual_mail_rest *)context;
    size_t taken = size * count < rest->left ? size * count : rest->left;
    memcpy(buffer, rest->next, taken);
    rest->next += taken;
    rest->left -= taken;
    return taken;
}

/// Sends a mail on the calling thread, which waits for the server.
static inline void punctual_mail_send(
    const struct punctual_mail *mail, struct punctual_mail_outcome *outcome) {
    memset(outcome, 0, sizeof *outcome);
    outcome->code = CURLE_FAILED_INIT;
    CURL *curl = curl_easy_init();
    struct curl_slist *recipients = curl_slist_append(NULL, mail->recipient);
    struct punctual_mail_rest rest = {mail->message, mail->length};
    if (curl && recipients) {
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, outcome->error);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(curl, CURLOPT_URL, mail->url);
        curl_easy_setopt(curl, CURLOPT_USERNAME, mail->username);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
        curl_easy_setopt(curl, CURLOPT_USE_SSL,
            (long)(mail->requires_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
        if (mail->authorities) curl_easy_setopt(curl, CURLOPT_CAINFO, mail->authorities);
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->sender);
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, punctual_mail_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, mail->timeout_ms);
        outcome->code = (int)curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &outcome->status);
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
}

#endif
