package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is Slurm on this one machine: controller, node and authentication in a folder, on the loopback interface.
type cluster struct {
	t    testing.TB
	dir  string
	node string
}

// newCluster starts Slurm, or skips the test where it cannot run.
func newCluster(t testing.TB) *cluster {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("Slurm's node daemon runs jobs as root on Linux only")
	}
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install slurm-wlm munge)", name)
		}
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	dir, err := os.MkdirTemp("", "slurm-") // not t.TempDir: a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &cluster{t, dir, host}
	for _, sub := range []string{"munge", "state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	key := bytes.Repeat([]byte(strconv.Itoa(os.Getpid())+"lifecircle"), 16) // it guards nothing but this test
	if err := os.WriteFile(in("munge/key"), key[:128], 0o400); err != nil {
		t.Fatal(err)
	}
	write(t, in("slurm.conf"), fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge/socket,cred_expire=5
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd.pid
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=6
JobRequeue=1
KillWait=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=%[1]s Default=YES MaxTime=INFINITE State=UP
`, host, dir, freePort(t), freePort(t)))
	t.Cleanup(c.stop)
	c.must("munged", "--force", "--socket="+in("munge/socket"), "--key-file="+in("munge/key"), "--pid-file="+in("munge.pid"), "--log-file="+in("munge/log"), "--seed-file="+in("munge/seed"))
	c.must("slurmctld", "-i", "-c")
	c.startNode()
	c.await("the node", 30*time.Second, func() bool {
		out, _ := c.command("sinfo", "-h", "-o", "%T").Output()
		return strings.HasPrefix(string(out), "idle")
	}, true)
	return c
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "SLURM_CONF="+filepath.Join(c.dir, "slurm.conf"))
	return cmd
}

func (c *cluster) must(name string, args ...string) string {
	c.t.Helper()
	out, err := c.command(name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// startNode starts the node's daemon. A machine whose control groups it cannot use has none.
func (c *cluster) startNode() {
	c.t.Helper()
	if out, err := c.command("slurmd").CombinedOutput(); err != nil {
		c.t.Skipf("slurmd does not run on this machine: %v %s", err, out)
	}
}

// await waits for something, and fails or skips the test if it does not come.
func (c *cluster) await(what string, most time.Duration, there func() bool, skip bool) {
	c.t.Helper()
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if there() {
			return
		}
	}
	log := c.logs()
	if skip {
		c.t.Skipf("Slurm does not come up on this machine: %s\n%s", what, log)
	}
	c.t.Fatalf("%s did not come\n%s", what, log)
}

func (c *cluster) logs() string {
	var b strings.Builder
	for _, name := range []string{"slurmctld.log", "slurmd.log"} {
		src, _ := os.ReadFile(filepath.Join(c.dir, name))
		fmt.Fprintf(&b, "== %s\n%s\n", name, src[max(0, len(src)-2000):])
	}
	return b.String()
}

func (c *cluster) pid(name string) int {
	src, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(src)))
	return pid
}

// killNode ends the node as a power cut would: its daemon, and every process of its jobs, which know themselves by the cluster's environment.
func (c *cluster) killNode() (killed int) {
	pids := []int{c.pid("slurmd.pid")}
	mark := []byte("SLURM_CONF=" + filepath.Join(c.dir, "slurm.conf"))
	entries, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range entries {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		env, _ := os.ReadFile(path)
		name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
		if pid > 0 && bytes.Contains(env, mark) && !slices.Contains([]string{"slurmctld", "slurmscriptd", "munged"}, strings.TrimSpace(string(name))) {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if pid > 1 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}

func (c *cluster) stop() {
	_ = c.command("scancel", "-u", "root").Run()
	c.killNode()
	for _, name := range []string{"slurmctld.pid", "munge.pid"} {
		if pid := c.pid(name); pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGTERM)
			for range 50 {
				if syscall.Kill(pid, 0) != nil {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	}
}

// slurmScript is the script of the README, as users copy it.
func slurmScript(t testing.TB) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```bash\n(#!/bin/bash\n.*?)```").FindStringSubmatch(read(t, filepath.Join("..", "..", "coverage", "batch", "README.md")))
	if m == nil {
		t.Fatal("the README has no script")
	}
	return m[1]
}

// The job array of the README, on a real Slurm: the node dies in the middle, comes back, the tasks are requeued and go on, and what is merged are
// the bytes of one process.
func TestBatchOnSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel() // most of it is waiting
	c := newCluster(t)
	dir := t.TempDir()
	plan := everything(t, dir)
	bin := filepath.Join(dir, "bin")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "lifecircle"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// the single process is the same program: its version is part of what results hang on
	one := exec.Command(filepath.Join(bin, "lifecircle"), "batch", plan, "--out", filepath.Join(dir, "same"), "--quiet")
	if out, err := one.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := tree(t, filepath.Join(dir, "same"))
	script := write(t, filepath.Join(dir, "districts.sbatch"), slurmScript(t))
	submit := c.command("sbatch", "--parsable", script)
	submit.Dir = dir
	submit.Env = append(submit.Env, "PLAN="+plan, "SHARDS=3", "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := submit.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	job := strings.TrimSpace(string(out))
	said := func() string {
		var b strings.Builder
		files, _ := filepath.Glob(filepath.Join(dir, "slurm-*.out"))
		for _, f := range files {
			fmt.Fprintf(&b, "== %s\n%s\n", filepath.Base(f), read(t, f))
		}
		return b.String()
	}
	areas := func() int {
		done, _ := filepath.Glob(filepath.Join(dir, "batch.shards", "*", "areas", "*", "area.json"))
		return len(done)
	}
	c.await("the first area", time.Minute, func() bool { return areas() > 0 }, false)
	before := areas()
	if n := c.killNode(); n < 2 {
		t.Fatalf("only %d processes were killed: no job was running\n%s", n, said())
	}
	finished, _ := filepath.Glob(filepath.Join(dir, "batch.shards", "*", "shard.json"))
	if len(finished) == 3 {
		t.Fatal("the node was killed when all was done")
	}
	c.startNode()
	left := func() string {
		out, _ := c.command("squeue", "-h", "-j", job, "-o", "%T").Output()
		return string(out)
	}
	c.await("the end of the array", 3*time.Minute, func() bool { return left() == "" }, false)
	if !strings.Contains(read(t, filepath.Join(c.dir, "slurmctld.log")), "equeu") {
		t.Errorf("nothing was requeued\n%s", c.logs())
	}
	merged := filepath.Join(dir, "merged")
	shards, _ := filepath.Glob(filepath.Join(dir, "batch.shards", "*"))
	merge := exec.Command(filepath.Join(bin, "lifecircle"), append([]string{"batch", "merge", plan, "--out", merged}, shards...)...)
	if out, err := merge.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, said())
	}
	sameTree(t, tree(t, merged), want)
	t.Logf("%d areas were finished when the node was killed; said by the tasks:\n%s", before, said())
}
