/* The board as a Linux process: files instead of flash, a TCP socket instead of the UART. */
#pragma once

/* Listens on 127.0.0.1 (0: any free port) and prints the URL; or takes the sockets over from before
 * a reset. Returns 0, or -1 with errno set. */
int serial_open(unsigned tcp_port);

/* Keeps the sockets open over exec() and tells the next start where they are. */
void serial_hand_over(void);

/* Asked for by SIGHUP (the reset button) or port_reset(): starts the program anew. */
_Noreturn void native_restart(int cause);

/* Handles what happened outside: restarts after SIGHUP, ends when stdin (a pipe) was closed. */
void native_look_outside(void);
