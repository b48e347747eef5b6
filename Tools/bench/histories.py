"""Makes real per-instance histories: trains models (torch on the CPU, one thread, fixed seeds) and
records the loss of every instance at every epoch, as float32. Tools/bench/run calls it where sets are
missing; by hand:

    python histories.py DIR pool d1 dp d2 d4b d4h d5 d7 d6

About 15 to 25 minutes on one core; `pool` comes before all but d1 and d5. Needs requirements-histories.txt.

Each DIR/<set>.npz: indices int64[N] (sorted), steps int64[E], values float32[E, N]; the *_sub variants
add mask bool[E, N], where each epoch covers a random 60 % of the instances. What each set is:
  D1 digits, MLP, cross-entropy, 1,437 x 100 (+ eval 360)     D2 mnist1d, CNN, cross-entropy, 200,000 x 40
  D3 the 0/1 correctness of the same run                       D4b/D4h the loss tensor is bfloat16/float16, 100,000 x 40
  D5 squared error, 20,000 x 80, learning rate 0 from epoch 60  D6 cross-entropy, 1,000,000 x 30
  D7 augmentation and dropout noise on, 200,000 x 30           DP -log(p) from clipped probabilities, 200,000 x 40
"""
import os, sys, time

if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
    sys.exit(__doc__)
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(1)
D = sys.argv[1]

def make_pool():
    """The mnist1d sample pool, 1,000,000 x 40, in 50k chunks with fixed seeds."""
    import mnist1d.data as m, mnist1d.transform as tr
    tr.interpolate = lambda x, N: np.interp(np.linspace(0, 1, N), np.linspace(0, 1, len(x)), x)  # same result, faster
    for part in (0, 1):
        xs, ys = [], []
        for c in range(10):
            a = m.get_dataset_args(); a.num_samples = 50_000; a.train_split = 1.0; a.seed = 1000 + part * 10 + c
            d = m.make_dataset(a); xs.append(d["x"].astype(np.float32)); ys.append(d["y"].astype(np.int64))
        write(f"pool_{part}", x=np.concatenate(xs), y=np.concatenate(ys))

def pool(n):
    a = np.load(f"{D}/pool_0.npz")
    if n <= 500_000:
        return torch.from_numpy(a["x"][:n]), torch.from_numpy(a["y"][:n])
    b = np.load(f"{D}/pool_1.npz")
    x = np.concatenate([a["x"], b["x"]])[:n]; y = np.concatenate([a["y"], b["y"]])[:n]
    return torch.from_numpy(x), torch.from_numpy(y)

def write(name, **arrays):
    """Appears under its name only when whole: others may be waiting for it."""
    np.savez(f"{D}/{name}.new.npz", **arrays)
    os.replace(f"{D}/{name}.new.npz", f"{D}/{name}.npz")

def save(name, vals, steps, idx=None, sub=None):
    vals = np.ascontiguousarray(vals, np.float32)
    idx = np.arange(vals.shape[1], dtype=np.int64) if idx is None else idx
    write(name, indices=idx, steps=np.asarray(steps, np.int64), values=vals)
    if sub is not None:
        rng = np.random.default_rng(sub)
        write(name + "_sub", indices=idx, steps=np.asarray(steps, np.int64), values=vals,
              mask=rng.random(vals.shape) < 0.6)
    print(name, vals.shape, "last-epoch mean", float(vals[-1].mean()), "distinct", len(np.unique(vals[-1])), flush=True)

def mlp(i, *h, drop=0.0):
    L = []
    for a, b in zip((i,) + h[:-2], h[:-1]):
        L += [nn.Linear(a, b), nn.ReLU()] + ([nn.Dropout(drop)] if drop else [])
    return nn.Sequential(*L, nn.Linear(h[-2], h[-1]))

class CNN(nn.Module):
    def __init__(s, c=20, drop=0.0):
        super().__init__()
        s.c1 = nn.Conv1d(1, c, 5, stride=2, padding=1); s.c2 = nn.Conv1d(c, c, 3, stride=2, padding=1)
        s.c3 = nn.Conv1d(c, c, 3, stride=2, padding=1); s.d = nn.Dropout(drop); s.l = nn.Linear(c * 5, 10)
    def forward(s, x):
        h = F.relu(s.c1(x[:, None])); h = F.relu(s.c2(h)); h = F.relu(s.c3(h))
        return s.l(s.d(h.flatten(1)))

def train(net, x, y, epochs, bs, lr, seed, aug=None, lossf=None, sched=None, opt="adam", xe=None, ye=None, reduce_dtype=None):
    """Loss of each training sample as seen in its own minibatch (before that update), plus eval at epoch end."""
    g = torch.Generator().manual_seed(seed)
    o = torch.optim.Adam(net.parameters(), lr) if opt == "adam" else torch.optim.SGD(net.parameters(), lr, momentum=0.9, weight_decay=5e-4)
    N = len(x); V = np.empty((epochs, N), np.float32); C = np.empty((epochs, N), np.float32); EV = []; EC = []; S = []
    step = 0; t = time.time()
    for e in range(epochs):
        if sched:
            for q in o.param_groups: q["lr"] = lr * sched(e)
        net.train(); p = torch.randperm(N, generator=g)
        for b in p.split(bs):
            xb = x[b]; yb = y[b]
            if aug: xb = aug(xb, g)
            out = net(xb)
            if lossf: l = lossf(out, yb)
            else:
                if reduce_dtype is not None: out = out.to(reduce_dtype)
                l = F.cross_entropy(out, yb, reduction="none")
                C[e, b.numpy()] = (out.argmax(1) == yb).float().numpy()
            V[e, b.numpy()] = l.detach().float().numpy()
            o.zero_grad(set_to_none=True); l.float().mean().backward(); o.step(); step += 1
        S.append(step)
        if xe is not None:
            net.eval()
            with torch.no_grad():
                out = net(xe); EV.append(F.cross_entropy(out, ye, reduction="none").float().numpy())
        if e % 10 == 0 or e == epochs - 1:
            print("  epoch", e, "loss %.4f acc %.4f  %.0fs" % (V[e].mean(), C[e].mean(), time.time() - t), flush=True)
    return V, C, EV, S

def cosine(E): return lambda e: 0.5 * (1 + np.cos(np.pi * e / E))

def d1():
    from sklearn.datasets import load_digits
    x, y = load_digits(return_X_y=True); x = torch.tensor(x / 16, dtype=torch.float32); y = torch.tensor(y)
    r = np.random.default_rng(1); p = r.permutation(len(x)); tr = np.sort(p[:1437]); ev = np.sort(p[1437:])
    torch.manual_seed(1)
    V, C, EV, S = train(mlp(64, 64, 32, 10), x[tr], y[tr], 100, 64, 1e-3, 1, xe=x[ev], ye=y[ev])
    save("D1_digits_ce", V, S, tr.astype(np.int64), sub=11); save("D1_digits_ce_eval", np.stack(EV), S, ev.astype(np.int64))

def d2():
    x, y = pool(200_000); torch.manual_seed(2)
    V, C, _, S = train(CNN(), x, y, 40, 256, 2e-3, 2, sched=cosine(40))
    save("D2_mnist1d_ce", V, S, sub=12); save("D3_mnist1d_correct", C, S, sub=13)

def d4b():
    x, y = pool(100_000); torch.manual_seed(3)
    net = mlp(40, 128, 64, 10)
    V, C, _, S = train(net, x, y, 40, 256, 2e-3, 3, sched=cosine(40), reduce_dtype=torch.bfloat16)
    save("D4b_mnist1d_bf16", V, S)

def d4h():
    x, y = pool(100_000); torch.manual_seed(4)
    V, C, _, S = train(mlp(40, 128, 64, 10), x, y, 40, 256, 2e-3, 4, sched=cosine(40), reduce_dtype=torch.float16)
    save("D4h_mnist1d_fp16", V, S)

def d5():
    from sklearn.datasets import make_friedman1
    x, y = make_friedman1(20_000, n_features=10, noise=1.0, random_state=5)
    x = torch.tensor(x - 0.5, dtype=torch.float32); y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)
    torch.manual_seed(5); sq = lambda o, t: (o[:, 0] - t) ** 2
    V, _, _, S = train(mlp(10, 64, 32, 1), x, y, 80, 200, 1e-3, 5, lossf=sq, sched=lambda e: 1.0 if e < 30 else (0.1 if e < 60 else 0.0))
    save("D5_friedman_sqerr", V, S)

def d6():
    x, y = pool(1_000_000); torch.manual_seed(7)
    V, C, _, S = train(mlp(40, 128, 64, 10), x, y, 30, 1024, 3e-3, 7, sched=cosine(30))
    save("D6_scale_ce", V, S)

def dp():
    """Cross-entropy from probabilities, as FastEstimator's default and Keras compute it: the softmax is rounded to float32 and
    clipped before its logarithm is taken."""
    x, y = pool(200_000); torch.manual_seed(9)
    def nll(out, t):
        p = torch.clip(F.softmax(out, dim=1), 1e-7, 1 - 1e-7)
        return F.nll_loss(torch.log(p), t, reduction="none")
    V, C, _, S = train(mlp(40, 128, 64, 10), x, y, 40, 256, 2e-3, 9, lossf=nll, sched=cosine(40))
    save("DP_mnist1d_nll", V, S)

def d7():
    x, y = pool(200_000); torch.manual_seed(8)
    def aug(xb, g):
        k = int(torch.randint(-6, 7, (1,), generator=g)); xb = torch.roll(xb, k, 1)
        xb = xb * (0.8 + 0.4 * torch.rand((len(xb), 1), generator=g)) + 0.25 * torch.randn(xb.shape, generator=g)
        m = torch.randint(0, 30, (len(xb), 1), generator=g); ar = torch.arange(40)[None]
        return xb * ~((ar >= m) & (ar < m + 8))
    V, C, _, S = train(CNN(drop=0.3), x, y, 30, 256, 2e-3, 8, aug=aug, sched=cosine(30))
    save("D7_aug_noisy_ce", V, S)

for n in sys.argv[2:]:
    t = time.time(); (make_pool if n == "pool" else globals()[n])(); print(n, "took %.0fs" % (time.time() - t), flush=True)
