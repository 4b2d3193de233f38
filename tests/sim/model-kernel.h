/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel for src/dm in a program: just the names that it uses, with their
 * meaning, on top of the tasks of model-task.h and the disks of model-disk.h.
 * The headers of tests/sim/linux all lead here.
 *
 * One CPU; what would be preempted elsewhere is preempted where locks are
 * released. I/O ends in "interrupts", outside every task.
 */
#ifndef MODEL_KERNEL_H
#define MODEL_KERNEL_H

/* src/dm/compat.h is about kernel versions; here there is none. */
#define SC_COMPAT_H
#define SC_STATUS_NOFLUSH	(1u << 0)

#include "env.h"
#include "model-task.h"

/* ---- small things ---------------------------------------------------------- */

#define __percpu
#define __init		__attribute__((used))
#define __exit		__attribute__((used))
#define __releases(x)
#define __acquires(x)
#define ____cacheline_aligned_in_smp

#define SECTOR_SHIFT	9
#define HZ		1000
#define GFP_KERNEL	0
#define GFP_NOIO	0
typedef u64 sector_t;

#define round_down(n, to)	((n) & ~((__typeof__(n))(to) - 1))
#define round_up(n, to)		round_down((n) + (to) - 1, to)

#define WARN_ON_ONCE(cond)	sc_env_warn_once(cond)
#define IS_ERR(p)	((unsigned long)(p) >= (unsigned long)-4095)
#define PTR_ERR(p)	((long)(p))
#define ERR_PTR(r)	((void *)(long)(r))

#define pr_warn(...)		model_log(__VA_ARGS__)
#define pr_info(...)		model_log(__VA_ARGS__)
#define pr_err(...)		model_log(__VA_ARGS__)
#define pr_err_ratelimited(...)	model_log(__VA_ARGS__)
#define DMERR(fmt, ...)		model_log(fmt "\n", ##__VA_ARGS__)

/** model_log() - what the kernel's log would get; to stdout if verbose */
__printf(1, 2)
void model_log(const char *fmt, ...);

static inline u32 hash_64(u64 n, unsigned int bits)
{
	return (u32)(n * 0x61c8864680b583ebULL >> (64 - bits));
}

static inline void strscpy_pad(char *to, const char *from, size_t size)
{
	strncpy(to, from, size - 1);
	to[size - 1] = 0;
}

/** generate_random_uuid() - of the machine's random numbers */
void generate_random_uuid(u8 *uuid);

/* ---- lists ----------------------------------------------------------------- */

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define list_empty(l)		((l)->next == (l))

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void list_add(struct list_head *l, struct list_head *head)
{
	l->next = head->next;
	l->prev = head;
	head->next->prev = l;
	head->next = l;
}

static inline void list_del_init(struct list_head *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	INIT_LIST_HEAD(l);
}

#define list_for_each_entry(pos, head, member)				\
	for ((pos) = container_of((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head);					\
	     (pos) = container_of((pos)->member.next, __typeof__(*(pos)), \
				  member))

/* ---- memory ---------------------------------------------------------------- */

#define kmalloc(size, gfp)		model_alloc(size, false)
#define kvmalloc(size, gfp)		model_alloc(size, false)
#define kzalloc(size, gfp)		model_alloc(size, true)
#define kvzalloc(size, gfp)		model_alloc(size, true)
#define kcalloc(nr, size, gfp)		model_alloc((nr) * (size), true)
#define kvmalloc_array(nr, size, gfp)	model_alloc((nr) * (size), false)
#define kfree(p)			model_free(p)
#define kvfree(p)			model_free(p)
#define is_vmalloc_addr(p)		((void)(p), false)
#define memalloc_noio_save()		0u
#define memalloc_noio_restore(f)	((void)(f))

#define alloc_percpu(type)		((type *)model_alloc(sizeof(type), true))
#define free_percpu(p)			model_free(p)
#define per_cpu_ptr(p, cpu)		((void)(cpu), (p))
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)
#define this_cpu_inc(x)			((x)++)
#define this_cpu_dec(x)			((x)--)
#define this_cpu_add(x, n)		((x) += (n))

/* ---- the compiler ---------------------------------------------------------- */

#define noinline		__attribute__((noinline))

/* ---- atomic values --------------------------------------------------------- */

typedef struct { int v; } atomic_t;
typedef struct { s64 v; } atomic64_t;

#define atomic_set(a, n)		((void)((a)->v = (n)))
#define atomic_read(a)			((a)->v)
#define atomic_inc(a)			((void)(a)->v++)
#define atomic_dec(a)			((void)(a)->v--)
#define atomic_dec_and_test(a)		(!--(a)->v)
#define atomic_dec_if_positive(a)	((a)->v > 0 ? --(a)->v : -1)
#define atomic64_set(a, n)		((void)((a)->v = (n)))
#define atomic64_inc(a)			((void)(a)->v++)
#define atomic64_read(a)		((a)->v)
#define smp_mb()			((void)0)
#define smp_rmb()			((void)0)
#define smp_wmb()			((void)0)
#define smp_mb__after_atomic()		((void)0)
#define smp_store_mb(x, v)		((void)((x) = (v)))
#define smp_store_release(p, x)		((void)(*(p) = (x)))
#define smp_load_acquire(p)		(*(p))
#define xchg(p, new)	\
	({ __typeof__(*(p)) old__ = *(p); *(p) = (new); old__; })
#define try_cmpxchg(p, old, new)	\
	(*(p) == *(old) ? (*(p) = (new), true) : (*(old) = *(p), false))

/* ---- time ------------------------------------------------------------------ */

/* One jiffy is a millisecond, and passes when the scheduler says so. */
#define jiffies			(model_jiffies)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define jiffies_to_msecs(j)	((unsigned int)(j))
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define ktime_get()		((s64)model_jiffies)
#define ktime_to_ms(t)		(t)
#define NSEC_PER_MSEC		1000000L
#define ktime_get_ns()		((u64)model_jiffies * NSEC_PER_MSEC)
#define ns_to_ktime(ns)		((s64)(ns))
#define wait_event_hrtimeout(wq, cond, ns) \
	wait_event_idle_timeout(wq, cond, \
				((ns) + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC)

/* ---- locks ----------------------------------------------------------------- */

typedef struct { bool held; } spinlock_t;

#define spin_lock_init(l)		((void)((l)->held = false))
#define spin_lock_irq(l)		model_spin_lock(&(l)->held)
#define spin_unlock_irq(l)		model_spin_unlock(&(l)->held)
#define spin_lock_irqsave(l, flags)	\
	((flags) = 0, model_spin_lock(&(l)->held))
#define spin_unlock_irqrestore(l, flags) \
	((void)(flags), model_spin_unlock(&(l)->held))
#define lockdep_assert_held(l)		assert((l)->held)

struct mutex {
	bool held;
	wait_queue_head_t wait;
};

#define DEFINE_MUTEX(name)	struct mutex name
#define mutex_init(m)		((void)memset(m, 0, sizeof(*(m))))
#define mutex_destroy(m)	assert(!(m)->held)
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* ---- completions ----------------------------------------------------------- */

struct completion {
	bool done;
	wait_queue_head_t wait;
};

#define DECLARE_COMPLETION_ONSTACK(c)	struct completion c = {}
#define init_completion(c)	((void)memset(c, 0, sizeof(*(c))))

static inline void complete(struct completion *c)
{
	c->done = true;
	wake_up_all(&c->wait);
}

#define wait_for_completion_io(c)	wait_event((c)->wait, (c)->done)

/* There are no interrupts. */
#define rcu_read_lock()		((void)0)
#define rcu_read_unlock()	((void)0)
#define synchronize_rcu()	((void)0)

/* ---- threads and work ------------------------------------------------------ */

#define task_struct	model_task
#define kthread_run(fn, data, ...)	model_spawn(fn, data)
#define kthread_stop(t)			model_stop(t)
#define kthread_should_stop()		model_should_stop()

#define WQ_MEM_RECLAIM	1
#define WQ_UNBOUND	2
#define WQ_HIGHPRI	4
#define SC_WQ_PERCPU	0

struct work_struct {
	void (*fn)(struct work_struct *work);
	bool pending;
};

#define INIT_WORK(w, f)		((void)(*(w) = (struct work_struct){ f, false }))
#define work_pending(w)		((w)->pending)
#define alloc_workqueue(fmt, flags, max, ...) \
	model_wq_create(max, ##__VA_ARGS__)
#define queue_work(wq, w)	model_wq_queue(wq, w)
#define flush_workqueue(wq)	model_wq_flush(wq)
#define drain_workqueue(wq)	model_wq_drain(wq)
#define destroy_workqueue(wq)	model_wq_destroy(wq)

struct workqueue_struct;
struct workqueue_struct *model_wq_create(unsigned int max_active, ...);
bool model_wq_queue(struct workqueue_struct *wq, struct work_struct *w);
void model_wq_flush(struct workqueue_struct *wq);
void model_wq_drain(struct workqueue_struct *wq);
void model_wq_destroy(struct workqueue_struct *wq);

/* ---- pools: nobody gets more than was set aside ---------------------------- */

struct model_pool {
	u32 nr_left;
	u32 size;
	wait_queue_head_t wait;
};
typedef struct model_pool mempool_t;
#define bio_set model_pool

static inline int mempool_init_kmalloc_pool(mempool_t *p, u32 nr, u32 size)
{
	*p = (struct model_pool){ .nr_left = nr, .size = size };
	return 0;
}

void *model_pool_get(struct model_pool *p);
void model_pool_put(struct model_pool *p, void *data);
#define mempool_init(p, nr, alloc, free, size) \
	((void)(alloc), (void)(free), mempool_init_kmalloc_pool(p, nr, (size_t)(size)))
#define mempool_alloc(p, gfp)	model_pool_get(p)
#define mempool_free(data, p)	model_pool_put(p, data)
#define mempool_exit(p)		((void)(p))
#define bioset_init(p, nr, front, flags) \
	mempool_init_kmalloc_pool(p, nr, sizeof(struct bio))
#define bioset_exit(p)		((void)(p))

/* ---- block layer ----------------------------------------------------------- */

typedef int blk_status_t;	/* -errno */
typedef u32 blk_opf_t;
typedef unsigned int gfp_t;
#define BLK_STS_OK	0
#define errno_to_blk_status(r)	(r)
#define blk_status_to_errno(s)	(s)

enum req_op {
	REQ_OP_READ = 0,
	REQ_OP_WRITE = 1,
	REQ_OP_DISCARD = 3,
};

#define REQ_OP_MASK	255u
#define REQ_PREFLUSH	(1u << 8)
#define REQ_FUA		(1u << 9)
#define REQ_META	(1u << 10)
#define REQ_SYNC	(1u << 11)
#define REQ_RAHEAD	(1u << 12)
#define REQ_POLLED	(1u << 13)

struct model_disk;

/**
 * struct block_device - a part of a disk
 * @bd_disk: the disk, volatile cache included
 * @start: where on it
 * @nr_sectors: length
 */
struct block_device {
	struct model_disk *bd_disk;
	u64 start;
	u64 nr_sectors;
};

#define bdev_nr_sectors(b)		((b)->nr_sectors)
#define bdev_max_discard_sectors(b)	((b)->nr_sectors)

struct bvec_iter {
	sector_t bi_sector;
	u32 bi_size;
	u32 bi_done;
};

struct bio_vec {
	u8 *data;
	u32 bv_len;
};

struct bio {
	struct block_device *bi_bdev;
	blk_opf_t bi_opf;
	blk_status_t bi_status;
	struct bvec_iter bi_iter;
	void *bi_private;
	void (*bi_end_io)(struct bio *bio);
	u8 *data;
	struct model_pool *pool;
	struct bio *next;
};

struct bio_list {
	struct bio *head;
	struct bio *tail;
};

#define bio_op(bio)		((bio)->bi_opf & REQ_OP_MASK)
#define op_is_write(opf)	((opf) & 1)
#define bio_sectors(bio)	((bio)->bi_iter.bi_size >> SECTOR_SHIFT)
#define bio_end_sector(bio)	((bio)->bi_iter.bi_sector + bio_sectors(bio))
#define bio_set_dev(bio, dev)	((void)((bio)->bi_bdev = (dev)))
#define bio_clear_flag(bio, flag)	((void)(bio))
#define bio_uninit(bio)		((void)(bio))

static inline void bio_init(struct bio *bio, struct block_device *bdev,
			    void *table, u32 max_vecs, blk_opf_t opf)
{
	(void)table;
	(void)max_vecs;
	*bio = (struct bio){ .bi_bdev = bdev, .bi_opf = opf };
}

static inline void bio_advance(struct bio *bio, u32 bytes)
{
	assert(bytes <= bio->bi_iter.bi_size);
	bio->bi_iter.bi_sector += bytes >> SECTOR_SHIFT;
	bio->bi_iter.bi_size -= bytes;
	bio->bi_iter.bi_done += bytes;
}

#define __bio_for_each_segment(bv, bio, iter, start)			\
	for ((iter) = (start);						\
	     (iter).bi_size &&						\
	     ((bv) = (struct bio_vec){ (bio)->data + (iter).bi_done,	\
				       (iter).bi_size }, true);		\
	     (iter).bi_size = 0)

#define memcpy_to_bvec(bv, from)	memcpy((bv)->data, from, (bv)->bv_len)

static inline void bio_list_init(struct bio_list *l)
{
	l->head = NULL;
}

#define bio_list_empty(l)	(!READ_ONCE((l)->head))

static inline void bio_list_add(struct bio_list *l, struct bio *bio)
{
	bio->next = NULL;
	if (l->head)
		l->tail->next = bio;
	else
		l->head = bio;
	l->tail = bio;
}

static inline struct bio *bio_list_pop(struct bio_list *l)
{
	struct bio *bio = l->head;

	if (bio)
		l->head = bio->next;
	return bio;
}

void submit_bio(struct bio *bio);
int submit_bio_wait(struct bio *bio);
int blkdev_issue_flush(struct block_device *bdev);
struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *from,
			    int gfp, struct bio_set *bs);
void bio_put(struct bio *bio);

static inline void bio_endio(struct bio *bio)
{
	bio->bi_end_io(bio);
}

/* ---- dm-io ----------------------------------------------------------------- */

enum dm_io_mem_type {
	DM_IO_KMEM,
	DM_IO_VMA,
};
#define IOPRIO_DEFAULT	0

struct dm_io_client;
struct dm_io_region {
	struct block_device *bdev;
	sector_t sector;
	sector_t count;
};

struct dm_io_request {
	blk_opf_t bi_opf;
	struct {
		enum dm_io_mem_type type;
		struct {
			void *addr;
		} ptr;
	} mem;
	struct {
		void (*fn)(unsigned long error, void *context);
		void *context;
	} notify;
	struct dm_io_client *client;
};

int model_dm_io(struct dm_io_request *req, struct dm_io_region *region);
#define sc_dm_io(req, region)		model_dm_io(req, region)
#define SC_DM_IO_NOTIFY(done)						\
	static void done##_notify(unsigned long error, void *context)	\
	{								\
		done(error, context);					\
	}								\
	static_assert(true)
#define dm_io_client_create()		((struct dm_io_client *)kmalloc(1, 0))
#define dm_io_client_destroy(c)		kfree(c)

/* ---- device-mapper --------------------------------------------------------- */

#define DM_MAPIO_SUBMITTED	0
#define DM_MAPIO_REMAPPED	1
#define DM_MAPIO_KILL		4
#define DM_ENDIO_DONE		0
#define DM_ENDIO_INCOMPLETE	1
#define NOTIFY_DONE		0

typedef enum {
	STATUSTYPE_INFO,
	STATUSTYPE_TABLE,
	STATUSTYPE_IMA,
} status_type_t;
typedef int sc_open_mode_t;
#define SC_OPEN_RW	0

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long event,
			     void *data);
};

struct dm_dev {
	struct block_device *bdev;
	char name[16];
};

struct dm_table;
struct dm_target {
	struct dm_table *table;
	sector_t len;
	void *private;
	char *error;
	u32 per_io_data_size;
	u32 num_flush_bios;
	u32 num_discard_bios;
	bool flush_supported;
	bool discards_supported;
};

struct queue_limits {
	u32 io_min;
};

typedef int (*iterate_devices_callout_fn)(struct dm_target *ti,
					  struct dm_dev *dev, sector_t start,
					  sector_t len, void *data);

struct target_type {
	const char *name;
	unsigned int version[3];
	void *module;
	int (*ctr)(struct dm_target *ti, unsigned int argc, char **argv);
	void (*dtr)(struct dm_target *ti);
	int (*map)(struct dm_target *ti, struct bio *bio);
	int (*end_io)(struct dm_target *ti, struct bio *bio,
		      blk_status_t *error);
	int (*preresume)(struct dm_target *ti);
	void (*presuspend)(struct dm_target *ti);
	void (*presuspend_undo)(struct dm_target *ti);
	void (*postsuspend)(struct dm_target *ti);
	void (*status)(struct dm_target *ti, status_type_t type,
		       unsigned int flags, char *result, unsigned int maxlen);
	int (*message)(struct dm_target *ti, unsigned int argc, char **argv,
		       char *result, unsigned int maxlen);
	int (*iterate_devices)(struct dm_target *ti,
			       iterate_devices_callout_fn fn, void *data);
	void (*io_hints)(struct dm_target *ti, struct queue_limits *limits);
};

/** model_target_type - what the module registered */
extern struct target_type *model_target_type;

int dm_register_target(struct target_type *type);
#define dm_unregister_target(type)	((void)(type))
int dm_get_device(struct dm_target *ti, const char *path, int mode,
		  struct dm_dev **dev);
void dm_put_device(struct dm_target *ti, struct dm_dev *dev);
void dm_accept_partial_bio(struct bio *bio, unsigned int nr_sectors);
void *dm_per_bio_data(struct bio *bio, size_t size);
struct bio *dm_bio_from_per_bio_data(void *data, size_t size);
#define dm_target_offset(ti, sector)	(sector)
#define dm_table_get_mode(t)		((void)(t), 0)
#define dm_table_device_name(t)		((void)(t), "model")
#define dm_table_event(t)		((void)(t))
#define register_reboot_notifier(nb)	((void)(nb))
#define unregister_reboot_notifier(nb)	((void)(nb))
#define sc_need_stable_writes(ti)	((void)(ti))
#define sc_set_stable_writes(limits)	((void)(limits))
#define sc_set_discard_limits(limits, max, granularity) \
	((void)(limits), (void)(granularity))

/* ---- modules, tracepoints -------------------------------------------------- */

#define THIS_MODULE		NULL
#define MODULE_DESCRIPTION(x)
#define MODULE_LICENSE(x)
#define MODULE_ALIAS(x)
#define MODULE_PARM_DESC(name, x)
#define module_param(name, type, mode)
#define module_init(fn)		int model_module_init(void) { return fn(); }
#define module_exit(fn)
int model_module_init(void);

#define TP_PROTO(...)		__VA_ARGS__
#define TRACE_EVENT(name, proto, ...) \
	static inline void trace_##name(proto) {}
#define DECLARE_EVENT_CLASS(name, ...)
#define DEFINE_EVENT(class, name, proto, ...) \
	static inline void trace_##name(proto) {}

#endif
