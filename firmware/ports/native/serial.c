/* The UART of the process: one TCP client at a time on 127.0.0.1. Without a client, what is sent is
 * lost, as on a line nobody listens to. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native.h"
#include "port/port.h"

enum { GIVE_UP_MS = 100, WAIT_MS = 100 };
#define HANDED_OVER "AURORA_NATIVE_SOCKETS"

static int listener = -1, client = -1;

static int listen_on(unsigned tcp_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)tcp_port)};
    socklen_t bytes = sizeof address;
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&address, &bytes) != 0)
        return -1;
    printf("socket://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return 0;
}

int serial_open(unsigned tcp_port)
{
    const char *handed_over = getenv(HANDED_OVER);
    if (handed_over != NULL && sscanf(handed_over, "%d,%d", &listener, &client) == 2)
        return 0;
    return listen_on(tcp_port);
}

void serial_hand_over(void)
{
    char text[32];
    snprintf(text, sizeof text, "%d,%d", listener, client);
    setenv(HANDED_OVER, text, 1);
}

static void hang_up(void)
{
    close(client);
    client = -1;
}

static void take_client(void)
{
    int on = 1;
    if (client >= 0)
        return;
    client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (client >= 0)
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

size_t port_uart_write(const uint8_t *data, size_t bytes)
{
    size_t sent = 0;
    take_client();
    while (sent < bytes && client >= 0) {
        ssize_t count = send(client, data + sent, bytes - sent, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN || errno == EINTR) {
            struct pollfd writable = {.fd = client, .events = POLLOUT};
            if (poll(&writable, 1, GIVE_UP_MS) == 0)
                return sent;
        } else {
            hang_up();
        }
    }
    return bytes;
}

size_t port_uart_read(uint8_t *data, size_t capacity)
{
    native_look_outside();
    take_client();
    if (client < 0 || capacity == 0)
        return 0;
    ssize_t count = recv(client, data, capacity, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        hang_up();
    return count > 0 ? (size_t)count : 0;
}

/* The socket holds what nobody reads: nothing is lost. */
uint32_t port_uart_lost_bytes(void)
{
    return 0;
}

void port_wait(void)
{
    struct pollfd wakers[2] = {
        {.fd = client >= 0 ? client : listener, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = 0},
    };
    poll(wakers, 2, WAIT_MS);
    native_look_outside();
}
