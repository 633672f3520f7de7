"""The component gallery: every component in every state, for those who build pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xianshen.common.components import Check, Fact, Option, Part, Step, Tab, TraceItem
from xianshen.common.states import Face
from xianshen.common.templatetags.components import sprite_names

THEMES = frozenset({"light", "dark"})


class SampleForm(forms.Form):
    """A form with every kind of control, posted with two mistakes."""

    name = forms.CharField(label="新媒体名称", help_text="会原样印在附件一上。")
    handle = forms.RegexField(
        r"\A[A-Za-z]\w+\Z",
        label="账号名称",
        error_messages={"invalid": "微信号里有汉字。微信号要以字母开头（平台规则），可以改成 hgglx_shcc。"},
    )
    scope = forms.CharField(label="发布内容范围", widget=forms.Textarea)
    platform = forms.ChoiceField(
        label="新媒体类型",
        choices=[("wechat", "微信"), ("weibo", "微博"), ("qq", "QQ公众号")],
        widget=forms.RadioSelect,
    )
    audience = forms.MultipleChoiceField(
        label="服务对象",
        choices=[("students", "本系学生"), ("staff", "教职工"), ("public", "社会公众")],
        widget=forms.CheckboxSelectMultiple,
    )
    unit = forms.ChoiceField(label="所属部门", choices=[("law", "法律系"), ("lib", "图书馆")])
    mobile = forms.CharField(label="手机", max_length=11, min_length=11)
    file = forms.FileField(label="制度文件", required=False)
    agreed = forms.BooleanField(label="内容属实，本人负责")


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row of the table sample."""

    name: str
    handle: str
    face: Face
    start: datetime
    due: datetime
    soon_from: datetime
    posts: int
    picked: bool = False


FACES = (
    Face("运行中", "ok", "circle-check"),
    Face("等校办公室意见", "wait", "hourglass"),
    Face("待补正", "soon", "arrow-back-up"),
    Face("还剩 2 天", "soon", "alert-triangle"),
    Face("暂停：未年审", "late", "player-pause"),
    Face("逾期 1 天", "late", "alert-circle"),
    Face("责令停止", "stop", "hand-stop"),
    Face("草稿", "idle", "pencil"),
    Face("停办中", "idle", "archive"),
    Face("已停办", "idle", "circle-x"),
)


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the components; ``theme=dark`` shows them dark whatever the person chose."""
    now = timezone.now()
    day = timedelta(days=1)
    posted: dict[str, object] = {
        "name": "海关管理系",
        "handle": "海管系",
        "scope": "专业建设、学术讲座",
        "platform": "wechat",
        "unit": "law",
    }
    posted |= {"mobile": "1390000204", "audience": ["students"], "agreed": "on"}
    form = SampleForm(posted)
    rows = [
        SampleRow("海关管理系", "hgglx_shcc", FACES[0], now - 24 * day, now + 37 * day, now + 30 * day, 12),
        SampleRow("图书馆服务", "shcc_lib", FACES[4], now - 10 * day, now - 3 * day, now - 5 * day, 4, picked=True),
        SampleRow("法律系", "flx_shcc", FACES[1], now - 5 * day, now + 2 * day, now - day, 0),
    ]
    context = {
        "now": now,
        "theme": request.GET.get("theme") if request.GET.get("theme") in THEMES else "",
        "faces": FACES,
        "clocks": [
            {"due": now + 37 * day, "start": now - 24 * day},
            {"due": now + 2 * day, "start": now - 5 * day, "soon_from": now - day},
            {"due": now + timedelta(hours=3), "start": now - day, "soon_from": now - day},
            {"due": now - day, "start": now - 8 * day},
        ],
        "stopped": {"due": now + 4 * day, "start": now - 3 * day, "why": "等申请人补正"},
        "steps": [
            Step("提交", "11月18日", "done"),
            Step("部门意见", "系主任", "done"),
            Step("校办公室", "等 2 天", "now"),
            Step("开通"),
        ],
        "steps_back": [
            Step("退回补正", "服务对象没有写", "back"),
            Step("系部决定", "三级平台"),
            Step("报备办公室"),
        ],
        "trace": [
            TraceItem("等校办公室意见", meta="已等 2 天", tone="now"),
            TraceItem("系主任同意，盖系章", now - 3 * day, "系主任", "同意开设。", "seal", "opening.unit_opinion"),
            TraceItem("退回一次", now - 4 * day, "系主任", "写明服务对象。", "", "positioning.stated"),
            TraceItem("账号转为运行中", now - 20 * day, "系统", tone="ok"),
            TraceItem("责令停止运行", now - 40 * day, "办公室主任", tone="stop", rule="stop.order"),
        ],
        "checks": [
            Check("名称与在册账号不重复", "ok", "同音、形近也核过", "name.unique"),
            Check(
                "定位与「关务学子」有重合",
                "soon",
                "申请人说明只发教务和学术。",
                "positioning.no_duplicates",
                "#",
                "并排比较",
            ),
            Check("名称用校名开头", "late", "去掉「上海海关学院」，或改由单位主办。", "name.personal_prefix"),
            Check("正在核对链接", "wait", "可以继续填"),
            Check("已责令停止", "stop", "", "stop.order"),
            Check("不涉及校内数据服务", "idle", "", "data_service.campus_server"),
        ],
        "facts": [
            Fact("新媒体名称", "海关管理系"),
            Fact("层级", "二级平台", "tier.classification"),
            Fact("账号名称", "hgglx_shcc"),
            Fact("链接地址", ""),
        ],
        "tabs": [
            Tab("全部", "?", 135, current=True),
            Tab("年审没交", "?view=late", 17),
            Tab("我的：团学账号", "?view=mine", 92, icon="star"),
        ],
        "options": [Option("1", "一级", 2), Option("2", "二级", 41), Option("3", "三级", 92)],
        "rows": rows,
        "page": Paginator(range(612), 50).get_page(request.GET.get("page", 3)),
        "parts": [
            Part("可以运行", 128, "ok", "#"),
            Part("手续未齐", 4, "soon", "#"),
            Part("已暂停", 2, "late", "#"),
            Part("责令停止", 1, "stop", "#"),
        ],
        "form": form,
        "icons": sorted(sprite_names()),
        "title": _("组件"),
        "mobile": "13900002047",
    }
    return render(request, "web/gallery.html", context)
