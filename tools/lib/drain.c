// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing everything back. The target answers the message when it is done, which
 * may take hours; a child of ours waits for that, and we show how far it is.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ssdcache/abi.h>

#include "cache.h"
#include "report.h"

/* How often the bar moves. */
#define BAR_MS	250

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* Without SA_RESTART, so that poll() ends. */
static void catch_signals(void (*handler)(int sig))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* The pipe is held open until the end of the child, however it ends. */
static pid_t start_flush(const char *name, int *pipe_fd)
{
	int ends[2], r;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid) {
		close(ends[1]);
		*pipe_fd = ends[0];
		return pid;
	}
	catch_signals(SIG_DFL);
	r = mapped_message(name, SC_VERB_FLUSH);
	_exit(r == -EINTR ? 2 : r ? 1 : 0);
}

/* Everything that was dirty at any time counts: the bar never goes back. */
static void show(const char *name, u64 *most)
{
	struct sc_status_info info;

	if (cache_status(name, &info))
		return;
	*most = max_t(u64, *most, info.dirty_sectors);
	if (*most)
		report_progress("writing back", *most - info.dirty_sectors,
				*most);
}

static int finish(pid_t pid)
{
	int status;

	if (interrupted)
		kill(pid, SIGINT);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -EIO;
	if (interrupted || (WIFEXITED(status) && WEXITSTATUS(status) == 2) ||
	    WIFSIGNALED(status))
		return -EINTR;
	return WEXITSTATUS(status) ? -EIO : 0;
}

static int watch(const char *name, pid_t pid, int pipe_fd)
{
	struct pollfd end = { .fd = pipe_fd, .events = POLLIN };
	u64 most = 0;
	int r;

	do {
		show(name, &most);
		r = poll(&end, 1, BAR_MS);
	} while (!interrupted && (r == 0 || (r < 0 && errno == EINTR)));
	return finish(pid);
}

int cache_drain(const char *name)
{
	struct sc_status_info info;
	int pipe_fd, r = cache_status(name, &info);
	pid_t pid;

	if (r)
		return r;
	interrupted = 0;
	catch_signals(on_signal);
	pid = start_flush(name, &pipe_fd);
	r = -EIO;
	if (pid > 0) {
		r = watch(name, pid, pipe_fd);
		close(pipe_fd);
	}
	catch_signals(SIG_DFL);
	report_progress_end();
	if (r)
		report_error("%s: %s", name, r == -EINTR ?
			     "interrupted; what was not written back is still in the cache" :
			     "not everything could be written back");
	return r;
}
