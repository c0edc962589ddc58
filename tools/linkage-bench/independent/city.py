#!/usr/bin/env python3
"""Generates records of the children of an invented northern city, Marsholm, as its agencies export them.

    python3 city.py --submissions N --seed S [--errors 100] [--twins PAIRS] --out FOLDER

Writes FOLDER/submissions.ndjson (shuffled) and FOLDER/truth.json. NHS numbers: 999 range. Postcodes: ZZ. "Today": 30 June 2026.
Truth: `families` lists the largest sets only (a couple's children are one family, not two equal ones). A relation that no record shows is
not in it: a child is in its mother's family if a record of it names the mother or a sibling, or gives the home, or a case number; a
father's children over two homes are one family if a record in each names him with a birthday or his home, or one names the half-sibling.
`unknowable`: submissions with too little information for any clerk (about 0.15 %, mostly twins before birth). Rates below are at --errors 100 (structural ones are not scaled).
People: heritage English 58 %, Pakistani 15, Bengali 3, Indian 3, Irish 3, Polish 3.5, Slovak/Romanian 3, West African 3.5, Somali 1.5,
  Eritrean 1, Arabic/Kurdish 3.5, Caribbean 1.5, Chinese 1; 8 % of couples mixed. Mothers have 1-6 children; 20 % of mothers of several by
  two fathers; 9 % of fathers have a second mother's children elsewhere; parents apart 20-55 %; 16 % of clans have cousins in 2-3 homes
  (6 % together, South Asian and Roma 22 %; 25 % in one street). Twins 1.5 % of births (65 % same sex, 35 % alike-named).
  Named after a dead sibling 0.15 % of families, after a father's older child 2 % of second homes, cousins named alike 1.5 % of clans.
  Namesakes made on purpose: 1.2 % of clans (35 % birthdays within 40 days, 20 % one school, 20 % one street); the rest by name frequency.
  Pregnant mothers of one name with due dates 2-40 days apart: 0.4 % of clans. Registered birthday 1 January: 2 % of refugees' children.
Records: 1-8 agencies a child (need low/middle/high 36/36/28 %), second record id 2-7 % by agency, sent twice 3 % (half unchanged).
  Unborn records for 14 % (high need 35 %) of births since 2020; 2 % of those pregnancies lost. "Baby" neonatal names 55 % of maternity.
Names: nickname 2-14 % of those who have one; middle name as first 3 % of children; Mohammed dropped 22 %; other spelling 8 %; slip 1.6 % given,
  1.8 % family (police, refuge x2); exchanged 0.7 % (2 % not English); all in one field 0.6 %; initial 0.5 %; no given name 0.4 %;
  mother's surname 3.5 %, father's 2.5 %, step-father's 4 % (school 12 %), half of a double-barrel 22 %; former surname 30 % if any.
Birth dates: missing 0.5 % (school) to 22 % (housing, refuge); swapped 0.8 %, digit 0.8 %, year 0.4 %, 1 January 0.6 % (police 2.4 %),
  sibling's 0.15 %, year alone (police) 2 %. Sex wrong 0.6 %, missing 4 %. NHS numbers: GP 97 %, hospital 86 %, social care 45 %, school 1 %;
  wrong digit 0.5 %, sibling's 0.4 %, words 1.2 %. UPN: school 96 %, social care 35 %. Postcode missing 6 %, wrong 1 %, address slip 3 %, no address 1-25 %.
"""
from __future__ import annotations
import argparse, difflib, itertools, json, os, random, re, sys, unicodedata
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Callable, Iterable, Optional

TODAY = date(2026, 6, 30).toordinal()
CITY = "Marsholm"
R = random.Random()
SCALE = 1.0


def chance(p: float) -> bool:
    return R.random() < p


def error_occurs(p: float) -> bool:
    return R.random() < p * SCALE


class Pick:
    """Draws from a list whose first items are the most frequent (Zipf distribution with a flattened head)."""

    def __init__(self, items: Iterable[str], q: float = 6.0, power: float = 1.0) -> None:
        self.items = list(dict.fromkeys(items))
        self.cum = list(itertools.accumulate((i + q) ** -power for i in range(len(self.items))))

    def __call__(self) -> str:
        return self.items[bisect(self.cum, R.random() * self.cum[-1])]


# ---------------------------------------------------------------- names
def cross(a: str, b: str, seed: int) -> list[str]:
    """Every stem with every ending, in a fixed shuffled order."""
    out = [x + y for x in a.split() for y in b.split() if x[-1:].lower() != y[:1].lower()]
    random.Random(seed).shuffle(out)
    return out


EN_BOYS = """Oliver Noah George Harry Jack Leo Arthur Charlie Theo Archie Oscar Alfie Thomas Jacob Joshua Freddie James Henry William Ethan Lucas Logan Isaac Joseph Max Alexander Samuel Daniel Finley Mason Harrison Theodore Teddy Tommy Reuben Jude Lewis Dylan Edward Sebastian Benjamin Elijah Jake Riley Hunter
Louie Ronnie Albie Frankie Roman Jaxon Luca Harvey Toby Ralph Luke Ryan Matthew Callum Connor Jayden Tyler Nathan Liam Cameron Kian Owen Aaron Adam Ellis Jenson Bobby Reggie Stanley Blake Elliot Rory Kai Caleb Hugo Felix Louis Zachary Michael David Ben Robert Ollie Carter Jackson Grayson Tobias
Rowan Ezra Finn Gabriel Rhys Kieran Brandon Bradley Declan Corey Kyle Mitchell Jordan Leon Leighton Lennon Ellis Myles Joel Patrick Billy Sonny Vinnie Chester Rupert Albert Wilfred Ernie Otis Jesse Ashton Austin Cody Zac Dexter Kaiden Brody Kayden Lincoln Hudson Jaden Spencer Stephen Sean Alex
Andrew Anthony Christopher Dominic Ewan Francis Frederick Gregory Harley Jamie Jasper Jonathan Kenzie Lee Marcus Marley Morgan Nicholas Peter Philip Preston Quinn Rex Ross Scott Sidney Simon Taylor Timothy Travis Vincent Walter Xander Zane Arlo Barnaby Bailey Casey Corbin Damian Duncan Edmund Fraser
Gethin Jensen Keaton Lawson Maxwell Nate Perry""".split()
EN_GIRLS = """Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna Poppy Elsie Emily Ella Evelyn Phoebe Sophie Evie Charlotte Harper Millie Matilda Maya Sofia Emilia Isabelle Alice Ada Maisie Esme Ruby Eva Chloe Jessica Lola Molly Holly Eliza Lucy Imogen Summer Thea
Penelope Bonnie Lottie Orla Robyn Erin Hallie Nancy Violet Scarlett Lilly Luna Aria Mabel Annabelle Eleanor Amber Bella Abigail Jasmine Hannah Megan Georgia Lacey Lexi Layla Gracie Skye Zara Lydia Martha Darcie Darcey Beatrice Clara Hattie Maria Edith Rose Maryam Heidi Hazel Aurora Anna Elizabeth
Katie Paige Leah Amy Rebecca Caitlin Courtney Ellie Eve Faith Francesca Gabriella Heather Isobel Jade Jodie Katherine Kayla Keira Lauren Libby Madison Margot Mollie Nicole Niamh Rachel Sarah Samantha Shannon Skyla Tilly Tia Zoe Alexandra Alisha Bethany Brooke Connie Demi Eloise Elodie Felicity
Harriet Iris Josie Julia Kiera Laila Lyla Mila Myla Nevaeh Niamh Olive Pearl Pippa Rosa Sadie Stella Susannah Tabitha Teagan Tegan Victoria Winnie Zoey Abbie Aimee Alana Ariana Autumn Belle Carly Cleo Danielle Dolly Effie Emma Gemma Gracelyn India Jemima Kaitlyn Kimberley Lara Leila Mackenzie Melody
Natasha Ottilie Peyton Reagan Rhea""".split()
EN_MEN = """David Paul Mark Andrew Lee Craig Michael James Christopher Daniel Stephen Robert John Matthew Richard Ryan Adam Anthony Jonathan Simon Darren Wayne Scott Gary Carl Dean Shaun Kevin Thomas Ben Luke Jason Neil Ashley Peter Ian Philip Liam Aaron Nathan Karl Steven Stuart Martin Jamie Joshua Jordan Kyle
Ricky Danny Joseph Callum Connor Bradley Damien Gareth Dale Alan Barry Nicholas Patrick Tony Colin Graham Russell Sam Lewis Kieran Dominic""".split()
EN_WOMEN = """Sarah Emma Claire Gemma Kelly Laura Rebecca Samantha Lisa Nicola Stacey Michelle Joanne Rachel Amy Jennifer Louise Victoria Danielle Natalie Charlotte Hayley Kirsty Leanne Katie Hannah Jessica Lauren Chloe Sophie Stephanie Catherine Amanda Karen Zoe Jade Kimberley Helen Donna Lindsey Rachael Alison
Angela Toni Tracy Cheryl Kerry Jodie Shannon Bethany Abigail Lucy Emily Holly Megan Paige Courtney Elizabeth Carly Dawn Julie Jemma Vicky Ashleigh Siobhan Sara Melissa Tanya Heather Sally Anna Kayleigh Lyndsey Naomi Ruth Natasha Jenna Frances Deborah Tina""".split()
EN_SUR = """Smith Jones Taylor Brown Wilson Johnson Walker Wright Robinson Thompson White Hughes Green Hall Wood Harris Jackson Clarke Turner Hill Cooper Ward Moore Clark Baker Harrison King Morris Lee Allen Parker Cook Bailey Shaw Bennett Marshall Roberts Carter Richardson Watson Davies Williams Evans Edwards
Lewis Holmes Mitchell Anderson Mills Palmer Barker Hudson Gibson Dixon Hunt Chapman Webb Rogers Ellis Foster Pearson Booth Hargreaves Butterworth Schofield Ogden Kershaw Whittaker Greenwood Sutcliffe Barraclough Crossley Ackroyd Firth Haigh Dyson Sykes Hirst Armitage Brook Beaumont Hinchliffe
Lockwood Crowther Gledhill Lister Priestley Illingworth Holdsworth Sugden Murgatroyd Heaton Bentley Naylor Spencer Fletcher Fisher Barnes Atkinson Metcalfe Nelson Simpson Stephenson Dawson Nicholson Hodgson Rushworth Feather Pickles Midgley Rhodes Stead Walton Ashworth Duckworth Entwistle Haslam
Horrocks Pilkington Rigby Seddon Tyldesley Unsworth Fairhurst Gregory Hampson Lomax Nuttall Openshaw Pendlebury Ramsbottom Shorrocks Thornley Warburton Yates Bradshaw Brierley Buckley Chadwick Cheetham Clegg Dearden Fielding Fitton Garside Halliwell Hanson Howarth Isherwood Jagger Kay Leach Mellor
Newton Oldham Platt Quarmby Ridley Stott Swift Travis Varley Wolstenholme Young Adams Andrews Austin Berry Bird Bolton Burton Butler Byrne Campbell Carr Cole Collins Cox Crawford Davidson Day Elliott Ford Fox Francis Gardner Gill Gordon Graham Grant Gray Griffiths Hamilton Hart Harvey Henderson
Howard Hunter James Jenkins Kelly Kennedy Knight Lawrence Lloyd Martin Mason Matthews Miller Morgan Murphy Murray Owen Parry Perry Phillips Pollard Porter Powell Price Reid Reynolds Riley Ross Russell Ryan Saunders Scott Stevens Stewart Stone Sutton Thomas Thomson Tomlinson Tyler Wallace Waters
Watts Wells West Wheeler Wilkinson Winter""".split()
EN_SUR_TAIL = cross("""Ash Black Brad Broad Brook Birken Clay Cold Cran Crow Dale Den Ease East Ell Fair Farn Fern Gar Gold Green Grim Hal Ham Hard Hart Haw Hazel Heb
Hey High Hol Horn Hud Ing Kel Kirk Lang Lin Long Lum Mar Mid Mos Nor Oak Old Os Ox Pad Pem Raw Red Rip Roe Rom Royd Scar Shel Sil Skel South Stan Stain Stock Sun Swin
Tan Thorn Tod Tur Wad Wal Wet Whit Wick Wil Win Wood Worm Yar""", """ley ton worth field shaw clough bank thwaite wood den ham croft bottom royd stall ford gate hurst
land well by son er man brook ridge dale""", 7)
IR_SUR = ["Murphy", "Kelly", "O'Brien", "Walsh", "Ryan", "O'Connor", "McCarthy", "Doyle", "Gallagher", "O'Neill", "McDonagh", "Ward", "Connors", "McGinley", "Doherty", "Byrne"] + cross(
    "O' Mc Mac", "Donnell Grady Leary Shea Sullivan Keefe Hara Reilly Mahon Dowd Cann Cabe Gowan Guire Hugh Kenna Laughlin Namara Nally Nulty Quade Rory Sweeney Tigue Bride Cormack Dermott Elroy Evoy Gee Ginty", 8)
PL_SUR = ["Nowak", "Kowalski", "Wiśniewski", "Wójcik", "Kowalczyk", "Kamiński", "Lewandowski", "Zieliński", "Szymański", "Woźniak", "Dąbrowski", "Kozłowski", "Mazur", "Krawczyk"] + cross(
    "Adam Bor Czar Dud Gór Jabł Jan Jaw Kacz Kal Kos Król Lis Łuk Maj Mal Mich Mor Ols Paw Pietr Rom Sad Sik Sob Stan Szczep Tom Wal Wit Wil Zaj Żur", "owski iński ewicz czak czyk ak ecki nicki ek owiak", 9)
RO_SUR = ["Horváth", "Balog", "Pešta", "Kováč", "Popescu", "Ionescu", "Varga", "Tóth", "Mihai", "Radu", "Ferko", "Gábor", "Rostas", "Lăcătuș", "Ciobanu", "Stoica"] + cross(
    "Andr Anton Băl Barb Ciob Const Dobr Dumitr Florent Gheorg Grig Ilie Iord Laz Mar Mir Negr Oprea Pav Petr Stan Tud Vasil Zamf", "escu eanu ache uță ilă oiu an aru", 10)
PK_SUR = """Hussain Khan Ahmed Ali Mahmood Iqbal Akhtar Shah Malik Mirza Hussain Mohammed Butt Raja Rashid Rehman Aslam Bashir Ashraf Saleem Hanif Riaz Yousaf Zaman Shabir Sadiq Khalid Javed Nawaz Rafiq Sharif Anwar Arshad Aziz Chaudhry Qureshi Sheikh Siddique Tariq Younis Zafar Abbas Akram Amin Asghar Ayub
Azam Dar Farooq Ghani Hafeez Haq Ibrahim Ilyas Ishaq Jabbar Jamil Kayani Latif Majid Mehmood Mughal Munir Mushtaq Nazir Parvez Qadir Rauf Razaq Sarwar Shafiq Suleman Waheed Yaqoob Zahoor""".split() + cross("Abdul Fazal Ghulam Noor Haji Karam", "-Rehman -Karim -Haq -Hussain -Din -Rasool", 11)
BD_SUR = "Miah Begum Uddin Ahmed Hussain Ali Islam Rahman Choudhury Khan Haque Alam Hoque Kabir Karim Sarkar Talukdar Ullah Khatun Khanom Chowdhury Sheikh Mannan Malik Rashid Bhuiyan Mollah Sikder Das Roy".split()
IN_SUR = "Singh Patel Kaur Sharma Kumar Gill Sandhu Dhillon Mistry Desai Shah Bains Sidhu Grewal Virdee Mehta Joshi Parmar Solanki Chauhan Rai Thomas Reddy Nair Varghese Mathew Rao Iyer Chana Bhogal Sahota Johal Sohal Panesar Atwal Lad Rana Bhatt Modi".split()
AF_SUR = ["Mensah", "Owusu", "Boateng", "Asante", "Osei", "Appiah", "Okafor", "Okoro", "Eze", "Bello", "Addo", "Agyeman", "Moyo", "Ndlovu", "Banda", "Kabongo", "Mukendi", "Sesay", "Kamara", "Jallow", "Ceesay"] + cross(
    "Ade Ola Oluwa Ogun Aki Ayo Fola Baba Ojo Ige", "yemi bayo wale kunle tunde niyi dele bola sanya femi seun rinde", 12) + cross("Chukwu Nwa Oke Eze Ani Uche Ike Obi", "ma neke ndu chi nwa kwu gbo dozie", 13)
SO_M = "Mohamed Abdi Ahmed Ali Hassan Ibrahim Yusuf Abdullahi Omar Osman Hussein Ismail Farah Abdirahman Mahamed Jama Warsame Said Adan Nur Khalid Zakariya Mustafa Bilal Hamza Ayub Yahya Liban Guled Sharmarke".split()
SO_F = "Fatima Hodan Ayaan Khadija Amina Sahra Asha Halima Hamdi Ifrah Maryan Naima Nimco Sagal Sumaya Zahra Ubah Faduma Hibo Idil Ikran Rahma Samira Yasmin Deqa Fowsia".split()
AR_SUR = "Hassan Ali Ahmed Mohammed Ibrahim Saleh Omar Khalil Hamad Nasser Saeed Karim Aziz Mustafa Hamid Jaber Saad Othman Salem Darwish Haddad Khoury Rashid Amin".split() + ["Al-" + x for x in """Hassan Masri Hamdani Sayed Jabouri Shami Halabi Rawi Obaidi Tikriti Saadi Najjar Hadi Yemeni Amri Maqtari Shaibi Qasim Dulaimi Kurdi Mousa Zubaidi Harbi Sabri Ansi Adeni""".split()]
CN_SUR = "Chen Li Wang Zhang Liu Lin Huang Wu Yang Zhao Chan Wong Lau Cheung Ng Ho Leung Lam Tsang Yip Tang Xu Zheng Guo Lei".split()
ER_M = "Samuel Yonas Filmon Abel Daniel Natnael Robel Henok Merhawi Tesfay Haile Kidane Berhane Tekle Girmay Mehari Dawit Yohannes Eyob Amanuel Kibrom Solomon Mussie Isaias Biniam".split()
ER_F = "Selam Helen Ruth Winta Luwam Semhar Rahel Feven Bethlehem Saba Mihret Eden Senait Tsega Bisrat Hermela Soliana Delina Almaz Lidya Sara Danait".split()
MU_M = """Mohammed Ibrahim Yusuf Zayn Musa Adam Ali Yahya Ayaan Hamza Abdullah Eesa Ismail Zakariya Haroon Bilal Umar Hassan Hussain Dawud Idris Ilyas Rayyan Zain Raheem Haris Imran Usman Khalid Sulaiman Amin Arif Asif Faisal Kashif Nadeem Sajid Shahid Tariq Waqas Zubair Adnan Arham Danyal Fahad Junaid Kamran
Luqman Mustafa Nabeel Omar Qasim Rizwan Saif Taha Uzair Wasim Yaseen Zeeshan Aamir Ahsan Amaan Anas Armaan Ayub Azaan Burhan Essa Farhan Hadi Hashim Huzaifa Ibraheem Ihsan Jibreel Kabir Mikaeel Muaz Nuh Owais Rehan Salman Shayaan Subhan Talha Yaqub Zaid Abbas""".split()
MU_F = """Fatima Maryam Aisha Zainab Khadija Amina Hafsa Zahra Safa Aaliyah Anaya Inaya Hana Hania Iqra Sumayyah Sara Noor Laiba Eshal Ayat Aleena Alisha Amelia Ameera Anam Asma Bushra Farah Hajra Halima Hira Humaira Iman Jannat Kiran Kulsoom Layla Madiha Mahnoor Mariam Mehak Minahil Nabila Nadia Nimra Rabia
Rahma Ruqayyah Saima Samina Saira Sana Shazia Shabnam Shanaz Rukhsana Nasreen Rubina Sobia Tahira Tasleem Uzma Yasmin Zoya Zara Aroosa Areeba Javeria Maira Mishal Naila Parveen Robina Sadia Shaista Sidra Umaimah Wajiha Zunaira Fiza Haniya Khadijah Manahil Sabah Salma""".split()
BD_F = "Nasima Rahima Shirin Taslima Jannatul Tahmina Farzana Sultana Nazma Rehana Sumaiya Mahira Nusrat Tania Fahmida Ruksana".split()
IN_M = "Arjun Aarav Jaspreet Gurpreet Harpreet Rohan Krishna Dev Ravi Sunil Amit Raj Vikram Jasdeep Karan Manveer Nikhil Aryan Dhruv Ishaan Kavi Veer Akash Balraj Hardeep Jeevan Rahul Sanjay Vivaan Yash Joel Jerin".split()
IN_F = "Simran Priya Jasmin Harleen Ananya Diya Kiran Manpreet Anjali Meera Navya Riya Saanvi Gurleen Amandeep Ishani Kavya Nisha Pooja Sunita Anika Aarya Jaspreet Mira Neha Rani Sharan Tanvi Anitha Sneha".split()
PL_M = "Jakub Kacper Szymon Filip Antoni Jan Aleksander Mateusz Wojciech Michał Oliwier Piotr Marcin Tomasz Krzysztof Łukasz Paweł Adam Dawid Bartosz Kamil Igor Maciej Patryk Stanisław Oskar Nikodem Franciszek Rafał Grzegorz".split()
PL_F = "Zuzanna Julia Maja Zofia Hanna Lena Alicja Oliwia Amelia Wiktoria Natalia Aleksandra Anna Katarzyna Magdalena Agnieszka Małgorzata Joanna Ewa Karolina Gabriela Nikola Emilia Weronika Kinga Iga Monika Paulina Dorota Sylwia".split()
RO_M = "Ondrej Marek Lukáš Patrik Tomáš Jozef Milan Dominik Ion Andrei Alexandru Mihai Cristian Florin Ștefan Gabriel David Daniel Samuel Marian Ionuț Vasile Nicolae Sebastian Denis Erik Kevin Rikardo".split()
RO_F = "Kristína Vanesa Nikola Veronika Žaneta Lenka Monika Mária Andreea Ioana Elena Maria Alexandra Mihaela Ștefania Larisa Denisa Gabriela Roxana Bianca Cristina Viorica Natália Sofia Esmeralda Patrícia".split()
AF_M = "Emmanuel David Daniel Samuel Joshua Kwame Kofi Kojo Tunde Femi Chidi Emeka Tobi Ayomide Oluwaseun Ebuka Kelechi Nathaniel Jeremiah Caleb Ikenna Tendai Tinashe Prince Blessing Kwabena Yaw Segun Damilola Israel Elijah Gabriel".split()
AF_F = "Grace Esther Blessing Deborah Ama Abena Akosua Efua Adaeze Chioma Ngozi Folake Temitope Ayomide Oluwakemi Precious Favour Miracle Ruth Naomi Chiamaka Ifeoma Yetunde Rutendo Tariro Fatou Aminata Mary Sharon Divine Joy Zuri".split()
AR_F = "Fatima Maryam Zainab Noor Sara Rania Hanan Leila Salma Amal Huda Iman Yasmin Rana Samira Shahd Lujain Malak Reem Sham Tala Hala Rawan Shilan Rojin Nour Aya Jana Mariam Rima".split()
AR_M = "Mohammed Ahmed Omar Yusuf Ali Khaled Ibrahim Hassan Hussein Mahmoud Abdullah Adam Kareem Mustafa Sami Tarek Ziad Rami Anas Laith Zain Bashar Fadi Nizar Walid Rebin Karwan Soran Hemin Ayman".split()
CN_N = [a + b for a in "Xiao Jia Yu Wei Zi Mei Hao Jun Xin Yi Ka Wing".split() for b in "ming yi xuan hui han yan lin rui wen".split()]
IR_M = "Conor Patrick Sean Liam Cian Oisin Eoin Declan Ciaran Aidan Brendan Martin John Michael James Padraig Rory Niall Darragh Jimmy Miley Tom".split()
IR_F = "Niamh Caoimhe Aoife Orla Saoirse Siobhan Ciara Roisin Sinead Bridget Margaret Mary Kathleen Erin Aisling Grainne Eimear Nora Winifred Shannon Clodagh".split()
MID_F, MID_M = "Rose Grace Louise Mae May Jane Elizabeth Marie Ann Anne Faith Ella Hope Ivy Leigh Lynn Jean Margaret Kate Olivia Joy".split(), "James John William Thomas David Lee Michael Paul George Robert Alan Peter Joseph Edward Jack Stephen Mark Anthony Alexander Ray".split()


@dataclass
class Heritage:
    share: float
    boys: Pick
    girls: Pick
    men: Pick
    women: Pick
    sur: Callable[[], str]


def _english_surname() -> Callable[[], str]:
    head, tail = Pick(EN_SUR, 9), Pick(EN_SUR_TAIL, 150, .8)
    return lambda: head() if chance(.52) else tail()


def _h(share: float, boys: list[str], girls: list[str], sur: list[str], q: float = 6) -> Heritage:
    b, g = Pick(boys, q), Pick(girls, q)
    return Heritage(share, b, g, Pick(boys[::-1] + boys, 25), Pick(girls[::-1] + girls, 25), Pick(sur, 5, .9))


HERITAGE: dict[str, Heritage] = {
    "english": Heritage(.58, Pick(EN_BOYS, 16, 1.05), Pick(EN_GIRLS, 18, 1.05), Pick(EN_MEN, 10), Pick(EN_WOMEN, 10), _english_surname()),
    "pakistani": _h(.15, MU_M, MU_F, PK_SUR, 10), "bengali": _h(.03, MU_M, MU_F[:50] + BD_F, BD_SUR, 10), "indian": _h(.03, IN_M, IN_F, IN_SUR), "irish": _h(.03, IR_M + EN_BOYS[:60], IR_F + EN_GIRLS[:60], IR_SUR, 12),
    "polish": _h(.035, PL_M, PL_F, PL_SUR), "roma": _h(.03, RO_M, RO_F, RO_SUR), "african": _h(.035, AF_M, AF_F, AF_SUR), "somali": _h(.015, SO_M, SO_F, SO_M, 4), "eritrean": _h(.01, ER_M, ER_F, ER_M),
    "arabic": _h(.035, AR_M, AR_F, AR_SUR, 4), "chinese": _h(.01, CN_N + EN_BOYS[:40], CN_N[::-1] + EN_GIRLS[:40], CN_SUR), "caribbean": _h(.015, EN_BOYS[60:], EN_GIRLS[60:], "Campbell Brown Williams Francis Grant Clarke Henry Joseph Gordon Bailey Powell Morrison Beckford Blake Bogle Samuels Reid".split())}
H_KEYS, H_CUM = list(HERITAGE), list(itertools.accumulate(h.share for h in HERITAGE.values()))
MUSLIM = {"pakistani", "bengali", "somali", "arabic"}
REFUGEE = {"eritrean", "somali", "arabic"}
NICK: dict[str, list[str]] = defaultdict(list)
for _line in """Oliver:Ollie,Olly;Thomas:Tom,Tommy;Joshua:Josh;James:Jamie,Jim,Jimmy;Henry:Harry;Harrison:Harry;William:Will,Billy,Liam;Joseph:Joe,Joey;Alexander:Alex,Xander;Samuel:Sam,Sammy;Daniel:Dan,Danny;Theodore:Theo,Teddy;Edward:Ed,Eddie,Ted
Sebastian:Seb;Benjamin:Ben,Benji;Elijah:Eli;Matthew:Matt,Matty;Nathan:Nate;Cameron:Cam;Zachary:Zac,Zach;Michael:Mike,Mikey;David:Dave;Robert:Rob,Bob,Bobby;Gabriel:Gabe;Bradley:Brad;Mitchell:Mitch;Albert:Albie,Bertie;Alfie:Alf;Frederick:Fred,Freddie
Christopher:Chris;Anthony:Tony,Ant;Andrew:Andy;Stephen:Steve;Jonathan:Jon,Jonny;Nicholas:Nick;Peter:Pete;Philip:Phil;Timothy:Tim;Patrick:Paddy;Dominic:Dom;Gregory:Greg;Vincent:Vinny;Charlie:Chaz;Jackson:Jack;Maxwell:Max;Jacob:Jake;Richard:Rick;Louis:Lou
Olivia:Liv,Livvy;Amelia:Millie,Amy;Florence:Flo,Flossie;Isabella:Bella,Izzy;Isabelle:Izzy,Belle;Evelyn:Evie;Charlotte:Lottie,Charlie;Matilda:Tilly;Penelope:Penny;Eleanor:Ellie,Nell;Abigail:Abby,Abi;Elizabeth:Beth,Lizzie,Libby;Rebecca:Becky,Bex
Katherine:Kate,Katie;Catherine:Cath,Cathy;Samantha:Sam,Sammy;Bethany:Beth;Alexandra:Alex,Lexi;Gabriella:Gabby;Jessica:Jess;Megan:Meg;Francesca:Fran,Frankie;Victoria:Vicky,Tori;Natasha:Tasha;Madison:Maddie;Jasmine:Jas,Jazz;Georgia:George,Georgie
Danielle:Dani;Kimberley:Kim;Rosie:Rose;Lillian:Lily;Harriet:Hattie;Felicity:Fliss;Susannah:Sue,Susie;Margaret:Maggie,Peggy;Jennifer:Jenny,Jen;Stephanie:Steph;Amanda:Mandy;Michelle:Shell;Deborah:Debbie;Nicola:Nicky;Emily:Em,Emmy;Sophie:Soph;Phoebe:Phebs
Mohammed:Mo;Ibrahim:Ibby;Abdullah:Abdul,Abz;Khadija:Dija;Fatima:Fati;Zainab:Zee;Aleksander:Olek,Alex;Jakub:Kuba,Jake;Katarzyna:Kasia;Małgorzata:Gosia;Zuzanna:Zuzia,Zuza;Aleksandra:Ola;Agnieszka:Aga;Tomasz:Tomek;Krzysztof:Krzys,Chris;Magdalena:Magda;Piotr:Peter
Oluwaseun:Seun;Oluwakemi:Kemi;Temitope:Temi;Ayomide:Ayo;Emmanuel:Manny;Chiamaka:Amaka;Damilola:Dami;Gurpreet:Gurps;Jaspreet:Jas;Harpreet:Harps;Alexandru:Alex;Nathaniel:Nate;Joanna:Asia;Sulaiman:Suli;Rukhsana:Rukky;Hussain:Huss;Bridget:Bridie;Kathleen:Kath""".replace("\n", ";").split(";"):
    NICK[_line.split(":")[0]] = _line.split(":")[1].split(",")
SPELL: dict[str, list[str]] = {}
for _line in """Mohammed Muhammad Mohammad Mohamed Muhammed Mohamad;Aisha Ayesha Aysha Aishah;Yusuf Youssef Yousef Yousuf Yusef;Fatima Fatimah Fatema Fathima;Maryam Mariam Maryum Meryem;Zainab Zaynab Zeinab Zenab;Khadija Khadijah Khadeeja Hadija
Ibrahim Ibraheem Ebrahim Ibrahem;Hussain Hussein Husain Hossain;Hassan Hasan Hassaan;Ahmed Ahmad Ahmet Ahmmed;Zayn Zain Zane;Eesa Essa Isa Eisa;Umar Omar Umer Omer;Usman Osman Uthman Othman;Aaliyah Aliyah Aliya Alia;Haroon Harun Haroun;Bilal Bilaal Belal
Sulaiman Suleman Suleiman Sulayman;Ismail Ismaeel Esmail;Abdullah Abdulla Abdallah;Abdullahi Abdulahi;Zakariya Zakaria Zachariah Zakariyya;Dawud Dawood Daud;Noor Nur Nour Noore;Layla Laila Leila Leyla;Yasmin Yasmeen Jasmin Yasmine;Amina Aminah Ameena;Sumayyah Sumaya Sumaiya
Mustafa Mostafa Mustapha;Khalid Khaled;Tariq Tarek Tarik;Mahmood Mehmood Mahmoud Mahmud;Rehman Rahman Rahmaan;Chaudhry Choudhury Chowdhury Chaudhary Choudhry;Sheikh Shaikh Sheik;Akhtar Akther Akhter;Begum Begam Beegum;Iqbal Eqbal;Malik Malick;Siddique Siddiqui Sadique;Qureshi Quraishi
Yousaf Yusaf Yousuf;Uddin Ud-Din Udin;Miah Mia Miya;Haque Hoque Haq;Ullah Ulla;Sarah Sara;Rachel Rachael;Catherine Katherine Kathryn;Stephen Steven;Sean Shaun Shawn;Connor Conor Conner;Finley Finlay;Callum Calum;Jayden Jaydon Jaden;Aidan Aiden Ayden;Rhys Reece Reese;Isobel Isabel
Maisie Maisy;Lily Lilly Lillie;Sophia Sofia;Zoe Zoey;Abbie Abby;Niamh Neve Neave;Caoimhe Keeva;Siobhan Shivaun;Roisin Rosheen;Kieran Ciaran Kieron;Louis Lewis;Jaxon Jackson Jaxson;Teagan Tegan;Kiera Keira;Mollie Molly;Darcie Darcey Darcy;Lee Leigh;Ashleigh Ashley
Clarke Clark;Thompson Thomson Tomson;Smith Smyth;Stephenson Stevenson;Phillips Philips;Ackroyd Akroyd;Whittaker Whitaker;Hargreaves Hargreave;Haigh Hague;Sutcliffe Sutcliff;Gray Grey;Davies Davis;Reid Reed;Elliott Elliot;Matthews Mathews;Horváth Horvat Horwath;Kováč Kovac Kovats
Mohamed Maxamed;Hussein Xuseen;Ali Aly;Khalil Khaleel;Jannat Janat;Halima Haleema;Hafsa Hafsah;Hamza Hamzah;Yahya Yahia Yehya;Simran Simrun;Gurpreet Gurprit;Kaur Kour;Yohannes Johannes;Dawit Dawid;Tesfay Tesfai;Selam Salam;Saeed Said Sayed;Saleh Salih;Rashid Rasheed;Karim Kareem
Ruqayyah Ruqayya Rukaya;Idris Idrees;Ilyas Ilias Elyas;Musa Moosa Mousa;Rayyan Rayan;Inaya Inayah;Nadia Nadiya;Rabia Rabiah;Zahra Zahraa Zara;Oluwaseun Oluseun;Patryk Patrik Patrick;Oliwia Olivia;Wiktoria Victoria;Jakub Jacob""".replace("\n", ";").split(";"):
    for _w in _line.split():
        SPELL.setdefault(_w, [x for x in _line.split() if x != _w])


def plain(s: str) -> str:
    """The text without diacritics, as in an old export."""
    if s.isascii():
        return s
    return unicodedata.normalize("NFKD", s.replace("ł", "l").replace("Ł", "L")).encode("ascii", "ignore").decode()


def fold(s: str) -> str:
    return re.sub("[^a-z]", "", plain(s).lower())


KEYS = {a: b for a, b in zip("abcdefghijklmnopqrstuvwxyz", "svxsrdghojklnbipwetyibecux")}
SOUND = [("ph", "f"), ("ck", "k"), ("ee", "ea"), ("ie", "ei"), ("ll", "l"), ("tt", "t"), ("ss", "s"), ("nn", "n"), ("y", "i"), ("ei", "ie"), ("ea", "ee"), ("q", "k"), ("z", "s"), ("gh", "g"), ("mm", "m"), ("aa", "a"), ("sh", "s")]


def add_typo(s: str) -> str:
    """The text with one typing or hearing error; the first letter is usually kept."""
    if len(s) < 3:
        return s
    kind, i = R.random(), R.randrange(1, len(s) - 1) if chance(.92) else 0
    if kind < .25:
        hits = [(a, b) for a, b in SOUND if a in s.lower()[1:]]
        if hits:
            a, b = R.choice(hits)
            return s[0] + s[1:].replace(a, b, 1)
    if kind < .45:
        return s[:i] + s[i + 1:]
    if kind < .65:
        return s[:i] + s[i + 1] + s[i] + s[i + 2:]
    if kind < .8:
        return s[:i] + s[i] + s[i:]
    return s[:i] + KEYS.get(s[i].lower(), "e") + s[i + 1:]


def gendered(name: str, sex: str, h: str) -> str:
    """The family name in the form for the sex: Kowalska for Kowalski, Horváthová for Horváth."""
    if sex == "f" and h == "polish" and name.endswith(("ski", "cki")):
        return name[:-1] + "a"
    if sex == "f" and h == "roma" and name in ("Horváth", "Balog", "Kováč", "Pešta", "Ferko"):
        return name.rstrip("ao") + "ová"
    return name


# ---------------------------------------------------------------- numbers and places
def nhs_number(serial: int) -> Optional[str]:
    nine = f"999{serial:06d}"
    check = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1))) % 11
    return None if check == 10 else nine + ("0" if check == 11 else str(check))


def upn(la: int, school: int, year: int, serial: int, temporary: bool) -> str:
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    body = f"{la:03d}{school:04d}{year % 100:02d}" + (f"{serial % 100:02d}{R.choice(letters)}" if temporary else f"{serial:03d}")
    total = sum((letters.index(c) if c.isalpha() else int(c)) * w for c, w in zip(body, range(2, 14)))
    return letters[total % 23] + body


@dataclass(frozen=True)
class Dwelling:
    number: str
    flat: str
    building: str
    street: str
    area: str
    postcode: str
    shared: bool = False


@dataclass
class Street:
    name: str
    area: str
    codes: list[str]


@dataclass(eq=False)
class Adult:
    id: int
    sex: str
    given: str
    family: str
    maiden: str
    dob: int
    h: str
    nhs: str
    homes: list[tuple[Dwelling, int, int]] = field(default_factory=list)
    parent: Optional["Adult"] = None


@dataclass(eq=False)
class Child:
    id: int
    sex: str
    given: str
    middle: str
    family: str
    dob: int
    edd: int
    mother: Adult
    father: Optional[Adult]
    h: str
    need: int
    call: str = ""
    former: str = ""
    step: Optional[Adult] = None
    homes: list[tuple[Dwelling, int, int]] = field(default_factory=list)
    carer: Optional[Adult] = None
    nhs: str = ""
    upn: str = ""
    gp: int = 0
    school: Optional[str] = None
    earlier_school: Optional[str] = None
    nursery: Optional[str] = None
    twin: Optional["Child"] = None
    twin_no: int = 0
    tenant: str = ""
    dead: int = 0
    lost: bool = False
    strict: bool = False
    mother_needed: bool = False
    show_unborn: bool = False
    sibling_evidence: set[Any] = field(default_factory=set)  # what its records show that can connect it to a sibling
    seen_father: bool = False
    sibs: list["Child"] = field(default_factory=list)
    halves: list["Child"] = field(default_factory=list)


@dataclass(frozen=True)
class Habit:
    """How one kind of agency fills in its records."""
    nhs: float
    upn: float
    no_dob: float
    no_addr: float
    mum: float
    dad: float
    sib: float
    kin_dob: float
    nick: float
    again: float
    case: str
    dates: str
    slips: float = 1.0
    refs: float = 0.0
    history: float = 0.0


HABITS: dict[str, Habit] = {
    "gp-a": Habit(.97, 0, .005, .01, .35, .12, .04, .2, .02, .02, "family", "iso", .8, history=.25), "gp-b": Habit(.96, 0, .005, .01, .25, .1, .03, .1, .03, .02, "title", "slash", history=.1),
    "hospital": Habit(.86, 0, .01, .02, .55, .15, .01, .1, .02, .05, "upper", "iso", 1.2), "maternity": Habit(.93, 0, .005, .02, 1, .45, .03, .5, 0, .02, "upper", "iso"),
    "health-visiting": Habit(.95, .05, .005, .02, .85, .4, .35, .35, .04, .02, "title", "slash", refs=.1), "camhs": Habit(.8, .05, .01, .03, .6, .35, .15, .1, .06, .02, "title", "words"),
    "school": Habit(.01, .96, .005, .02, .85, .6, .2, .03, .1, .02, "title", "slash", .8), "nursery": Habit(.02, .1, .02, .03, .8, .45, .15, .03, .12, .02, "title", "slash"),
    "police": Habit(0, 0, .07, .08, .35, .25, .2, .5, .08, .07, "family", "dash", 2.0, refs=.15), "social-care": Habit(.45, .35, .01, .03, .85, .65, .6, .5, .05, .03, "title", "iso", refs=.4, history=.5),
    "early-help": Habit(.15, .2, .03, .05, .85, .5, .55, .25, .1, .04, "title", "words", refs=.5, history=.15), "housing": Habit(0, 0, .2, 0, .85, .35, .4, .3, .06, .04, "title", "slash", 1.4, refs=.85),
    "refuge": Habit(.02, 0, .22, .05, .95, .3, .5, .1, .14, .04, "title", "words", 2.0, refs=.3), "youth-justice": Habit(.1, .15, .01, .03, .6, .4, .25, .2, .12, .03, "title", "iso", 1.1, history=.2)}
HEALTH = {"gp-a", "gp-b", "hospital", "maternity", "health-visiting", "camhs"}
EVENTS = {"gp": ["Seen with a cough", "Letter filed", "Was not brought to review"], "ho": ["Attended A&E with a head bump", "Outpatient appointment missed"], "sc": ["Late three times this week", "Attendance letter sent"],
          "po": ["Call to a disturbance at the address", "Stopped in town with friends"], "so": ["Referral received", "Home visit, seen"], "ea": ["Plan started"], "ho_": ["Rent arrears letter"], "he": ["Home visit, growth on the line"]}


class City:
    """Places, agencies, people and their records, all generated from one seed."""

    def __init__(self, submissions: int, twins: Optional[int]) -> None:
        self.target, self.twins_wanted = submissions, twins
        self.lines: list[str] = [""] * submissions
        self.order = list(range(submissions))
        R.shuffle(self.order)
        self.emitted = self.pairs = self.births = 0
        self.next_adult = self.next_child = self.serial = 0
        self.nhs_start = R.randrange(10 ** 6)
        self.rec_no: dict[str, int] = defaultdict(lambda: R.randrange(10 ** 7))
        self.upn_no: dict[tuple[int, int], int] = defaultdict(int)
        self.truth_children: dict[str, int] = {}
        self.unborn: list[str] = []
        self.unknowable: list[list[str]] = []
        self.families: dict[str, list[str]] = {}
        self.twin_pairs: list[list[str]] = []
        self.weak: list[tuple[str, tuple[str, str], int, int]] = []
        self.index: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        self.pool: list[Child] = []
        self.mothers: list[Child] = []
        self.used: list[Dwelling] = []
        self.child_ids = list(range(submissions * 2 + 200))
        R.shuffle(self.child_ids)
        self.places()

    # -- places and agencies
    def places(self) -> None:
        n, inward, codes = self.target, "ABDEFGHJLNPQRSTUWXYZ", set()
        areas = "Northgate Millhouses Castle Hill|Brackenroyd Eastmoor Low Fold|Shawbrook Thornes Wharfside Hunslow Burngreave Top|Crosland Dene Ashfield Park|Kirkstall Moss|Bank Foot".replace("|", ",").replace(" ", ",", 0).split(",")
        areas = [a for part in areas for a in ([part] if part.count(" ") < 2 else re.findall(r"\w+(?: (?:Hill|Fold|Top|Dene))?", part))]
        types = "Street Street Street Road Road Avenue Terrace Grove Close Lane Drive Crescent Mount View Place Gardens Court Walk".split()
        self.streets: list[Street] = []
        stems = EN_SUR_TAIL + EN_SUR
        for _ in range(max(40, n // 80)):
            k = R.randrange(len(areas))
            own = []
            while len(own) < R.choice((1, 2, 3)):
                code = f"ZZ{k + 1} {R.randrange(1, 10)}{R.choice(inward)}{R.choice(inward)}"
                if code not in codes:
                    codes.add(code)
                    own.append(code)
            self.streets.append(Street(f"{R.choice(stems)} {R.choice(types)}", areas[k], own))
        block = lambda word: f"{R.choice(stems)} {word}"
        self.towers = [(block(R.choice(("House", "Court", "Heights"))), s, R.randrange(1, 99)) for s in R.choices(self.streets, k=n // 3000 + 2)]
        self.hostels = [Dwelling(str(R.randrange(1, 99)), "", block(w), s.name, s.area, s.codes[0], True) for w, s in zip(["Hostel", "House", "Lodge", "House"] * (n // 50000 + 1), R.choices(self.streets, k=4 * (n // 50000 + 1)))]
        self.primaries = [R.choice(("St Oswald's", "St Anne's", "Holy Rood", "All Saints", "")) + f" {R.choice(stems)} Primary School" for _ in range(max(5, n // 1500))]
        self.primaries = list(dict.fromkeys(x.strip() for x in self.primaries))
        self.secondaries = list(dict.fromkeys(f"{R.choice(stems)} {R.choice(('High School', 'Academy', 'College'))}" for _ in range(max(2, n // 8000))))
        self.nurseries = list(dict.fromkeys(f"{R.choice(stems)} {R.choice(('Nursery', 'Day Nursery', 'Playgroup'))}" for _ in range(max(3, n // 4000))))
        self.gps = list(dict.fromkeys(f"{R.choice(stems)} {R.choice(('Surgery', 'Medical Centre', 'Health Centre'))}" for _ in range(max(4, n // 4000))))

    def dwelling(self, near: Optional[str] = None) -> Dwelling:
        if near is None and self.used and chance(.03):
            return R.choice(self.used)  # the house of former tenants
        if near is None and chance(.1):
            name, s, number = R.choice(self.towers)
            d = Dwelling(str(number), str(R.randrange(1, 61)), name, s.name, s.area, s.codes[0])
        else:
            s = next((x for x in self.streets if x.name == near), None) if near else None
            s = s or R.choice(self.streets)
            number = R.randrange(1, 25 * len(s.codes) * 2)
            d = Dwelling(f"{number}{'A' if chance(.02) else ''}", R.choice(("", "", "", "", "", "1", "2", "3")) if chance(.25) else "", "", s.name, s.area, s.codes[number // 2 % len(s.codes)])
        if len(self.used) < 20000:
            self.used.append(d)
        return d

    def homes(self, start: int, need: int, first: Optional[Dwelling] = None, near: Optional[str] = None) -> list[tuple[Dwelling, int, int]]:
        out, t = [], start
        d = first or self.dwelling(near)
        while t < TODAY + 300:
            shared = d.shared
            stay = int(R.expovariate(1 / (120 if shared else (4200, 2700, 1500)[need]))) + 60
            out.append((d, t, min(t + stay, TODAY + 300)))
            t += stay
            d = R.choice(self.hostels) if need == 2 and not shared and chance(.09) else self.dwelling(d.street if chance(.06) and not shared else None)
        return out

    # -- people
    def number(self) -> str:
        while True:
            self.serial += 1
            got = nhs_number((self.nhs_start + self.serial * 618_033) % 10 ** 6)
            if got:
                return got

    def adult(self, sex: str, h: str, around: int, family: Optional[str] = None) -> Adult:
        her = HERITAGE[h]
        self.next_adult += 1
        fam = gendered(family or her.sur(), sex, h)
        given = (her.men if sex == "m" else her.women)()
        if h in ("pakistani", "bengali") and sex == "m" and chance(.25):
            given = "Mohammed " + given if given != "Mohammed" else given
        return Adult(self.next_adult, sex, given, fam, fam, around - int(R.gauss(29 if sex == "f" else 31.5, 5) * 365.25), h, self.number())

    def heritage(self) -> str:
        return H_KEYS[bisect(H_CUM, R.random() * H_CUM[-1])]

    def child_names(self, c: Child, style: str, taken: set[str]) -> None:
        """Given, middle and family name; style: father, mother or both (double-barrelled)."""
        her, f, m = HERITAGE[c.h], c.father, c.mother
        for _ in range(20):
            c.given = (her.boys if c.sex == "m" else her.girls)()
            prefix = c.sex == "m" and c.h in ("pakistani", "bengali") and chance(.35)
            if c.given not in taken and not (prefix and c.given == "Mohammed"):
                break
        taken.add(c.given)
        c.call, c.middle = c.given, ""
        if prefix and c.given != "Mohammed":
            c.given, c.middle = "Mohammed", c.given
        elif c.h in ("english", "irish", "caribbean", "polish", "african"):
            c.middle = R.choice(MID_M if c.sex == "m" else MID_F) if chance(.62) else ""
            if c.middle == c.given or (c.middle and chance(.15)):
                c.middle = (her.boys if c.sex == "m" else her.girls)()
            c.middle = "" if c.middle == c.given else c.middle
            if c.middle and chance(.03):
                c.call = c.middle
        elif c.h == "indian":
            c.middle = ("Singh" if c.sex == "m" else "Kaur") if chance(.5) else ""
        base = m.family if f is None or style == "mother" else f.family if style == "father" else f"{m.family}-{f.family}"
        if c.h == "eritrean" and f:
            base = f.given
        elif c.h == "somali" and f:
            c.middle, base = f.given, f.family
        elif c.h in ("pakistani", "bengali") and chance(.12):
            base = R.choice(("Bibi", "Begum", "Kauser", "Khatoon")) if c.sex == "f" else (f.given.split()[-1] if f else base)
        if c.middle == base:
            c.middle = ""
        c.family = gendered(base, c.sex, c.h) if f and f.h == c.h else base

    def twin_due(self) -> bool:
        if self.twins_wanted is None:
            return chance(.015)
        left = self.twins_wanted - self.pairs
        children_left = (self.target - self.emitted - 200) / (self.emitted / self.births if self.births > 50 and self.emitted else 4.3)
        return left > 0 and chance(1.15 * left / max(1.0, children_left - left))

    def household(self, h: str, family: Optional[str] = None, father: Optional[Adult] = None, need: Optional[int] = None, first: Optional[Dwelling] = None,
                  near: Optional[str] = None, around: Optional[int] = None, taken: Optional[set[str]] = None) -> list[Child]:
        need = R.choices((0, 1, 2), (36, 36, 28))[0] if need is None else need
        big = h in MUSLIM or h in ("roma", "african", "irish")
        n = R.choices((1, 2, 3, 4, 5, 6), (22, 36, 24, 12, 4, 2) if big else (36, 40, 16, 6, 1.5, .5))[0]
        t = around if around is not None else TODAY - R.randrange(-170, int(17.9 * 365))
        mother = self.adult("f", h if chance(.92) else self.heritage(), t)
        mother.homes = self.homes(t - 900, need, first, near)
        kids: list[Child] = []
        tenant = f"T{R.randrange(10 ** 6):06d}" if chance((.15, .4, .6)[need]) else ""
        gp, taken = R.randrange(len(self.gps)), taken if taken is not None else set()
        primary, secondary, nursery = R.choice(self.primaries), R.choice(self.secondaries), R.choice(self.nurseries)
        switch = R.randrange(1, n) if n > 1 and chance(.2) else -1
        union: tuple[Optional[Adult], str, bool] = (None, "mother", False)
        dads: list[Optional[Adult]] = []
        i = 0
        while i < n and t <= TODAY + 170:
            if i == 0 or i == switch:
                dad: Optional[Adult] = father if father and i == 0 else None if chance(.07) else self.adult("m", h, t, family if i == 0 else None)
                apart = i != switch and (switch > 0 or chance((.2, .4, .55)[need])) or (father is not None and i == 0)
                married = dad is not None and chance(.75 if h not in ("english", "irish", "caribbean") else .42)
                if dad and married and i == 0 and h not in ("somali", "eritrean", "arabic", "chinese") and chance(.35 if h in ("pakistani", "bengali") else .8) and dad is not father:
                    mother.family = gendered(dad.family, "f", h)
                style = "father" if married or chance(.55) else "mother" if chance(.75) else "both"
                if dad and not dad.homes:
                    dad.homes = self.homes(t - 900, need) if apart else mother.homes
                union = (dad, style if "-" not in mother.family else "mother", apart)
                dads.append(dad)
            dad, style, apart = union
            pair = self.twin_due()
            edd = t
            born = edd + (-R.randrange(20, 75) if chance(.5 if pair else .07) else int(R.gauss(-2, 7)))
            if born > TODAY >= edd:
                born = TODAY - 1
            if i and chance(.012):  # born on a sibling's birthday
                o = date.fromordinal(kids[-1].dob)
                b = date.fromordinal(born)
                if b.year > o.year + 1 or b.year == o.year + 1 and o.month > 1:
                    born = min(date(b.year, o.month, min(o.day, 28)).toordinal(), TODAY - 1)
                    edd = born + 3
                    born = max(born, kids[-1].dob + 300)
            for no in range(2 if pair else 1):
                self.births += 1
                sex = "m" if chance(.512) else "f"
                c = Child(self.child_ids[self.next_child], sex, "", "", "", born, edd, mother, dad, h, need, gp=gp, tenant=tenant)
                self.next_child += 1
                if no:
                    c.sex = kids[-1].sex if chance(.65) else sex
                    c.dob += 1 if chance(.03) and born < TODAY - 2 else 0
                self.child_names(c, style, taken)
                c.nhs = self.number()
                c.homes = mother.homes
                age = (TODAY - c.dob) / 365.25
                if age >= 4.3:
                    start = primary if age < 11.5 else secondary
                    c.school, c.earlier_school = (start if chance(.93) else R.choice(self.primaries if age < 11.5 else self.secondaries)), (primary if age > 11.5 else R.choice(self.primaries) if chance(.12) else None)
                    c.earlier_school = None if c.earlier_school == c.school else c.earlier_school
                    k = (self.primaries.index(primary) + 2000, date.fromordinal(c.dob).year + 4)
                    self.upn_no[k] += 1
                    c.upn = upn(398, k[0], k[1], self.upn_no[k] % 1000, chance(.01))
                elif age >= 1.5:
                    c.nursery = nursery
                if h in REFUGEE and chance(.02) and age > 5 and not pair:
                    c.dob = date(date.fromordinal(c.dob).year, 1, 1).toordinal()
                if apart and dad and chance(.04) and dad.homes is not mother.homes:
                    c.homes = dad.homes  # lives with the father
                elif need == 2 and chance(.025) and born < TODAY - 400:
                    t0 = R.randrange(born + 30, TODAY)
                    c.carer = self.adult(R.choice("ff m".replace(" ", "")), self.heritage(), t0 - 5000)
                    c.homes = [x for x in mother.homes if x[1] < t0][:-1] + [(x[0], x[1], t0) for x in [x for x in mother.homes if x[1] < t0][-1:]] + [(self.dwelling(), t0, TODAY + 300)]
                if chance(.02) and dad and mother.maiden != c.family and born < TODAY - 1500:
                    c.former = mother.maiden
                c.show_unborn = born > TODAY - 2370 and chance(.35 if need == 2 else .08) or born > TODAY
                if no:
                    c.twin, kids[-1].twin, c.twin_no, kids[-1].twin_no = kids[-1], c, 2, 1
                    self.alike(kids[-1], c, taken)
                    c.homes, c.school, c.carer, c.show_unborn = kids[-1].homes, kids[-1].school, kids[-1].carer, kids[-1].show_unborn
                    c.show_unborn = kids[-1].show_unborn = born > TODAY or c.show_unborn and chance(.3)
                    c.nursery, c.earlier_school, c.family, c.former = kids[-1].nursery, kids[-1].earlier_school, gendered(kids[-1].family, c.sex, h) if c.family.split("-")[0] not in ("Bibi", "Begum", "Kauser", "Khatoon") else c.family, kids[-1].former
                    self.pairs += 1
                kids.append(c)
            if kids[-1].show_unborn and kids[-1].twin is None and chance(.02):
                kids[-1].lost = True
            t += max(300, int(R.lognormvariate(6.78, .45)))
            if chance(.05):
                t = edd + R.randrange(300, 400)
            i += 1
        if switch > 0 and len(dads) > 1 and dads[1]:
            for c in kids:
                c.step = dads[1] if c.father is not dads[1] else None
        elif union[2] and chance(.3) and kids:
            step = self.adult("m", self.heritage() if chance(.2) else h, kids[0].dob)
            step.homes = mother.homes
            for c in kids:
                c.step = step
        if len(kids) > 1 and chance(.0015) and kids[0].twin is None and kids[1].twin is None and kids[0].sex == kids[1].sex and kids[0].father is kids[1].father:
            kids[0].dead = min(kids[0].dob + R.randrange(20, 200), TODAY)
            kids[1].given, kids[1].call, kids[1].middle = kids[0].given, kids[0].call, kids[0].middle
            kids[0].strict = kids[1].strict = True
        return kids

    def alike(self, a: Child, b: Child, taken: set[str]) -> None:
        """Gives a third of twins similar names: Jack and Jake, Mohammed Ali and Mohammed Amin."""
        if a.given == "Mohammed" and a.middle and a.sex == "m" == b.sex:
            if b.given != "Mohammed" and chance(.7):
                b.given, b.middle = "Mohammed", b.given
            return
        if chance(.35):
            her = HERITAGE[b.h]
            pool = [x for x in (her.boys if b.sex == "m" else her.girls).items if x[:2] == a.given[:2] and x not in (a.given, a.middle, b.middle) and x not in SPELL.get(a.given, []) and x not in taken
                    and x not in NICK.get(a.given, []) and a.given not in NICK.get(x, [])]
            if pool:
                b.given = b.call = R.choice(pool)

    def extended_family(self) -> list[Child]:
        """One to three related homes, and the fathers' other homes; some have namesakes elsewhere."""
        h = self.heritage()
        sur = HERITAGE[h].sur()
        like = R.choice(self.pool) if self.pool and chance(.012) else None
        mum = R.choice(self.mothers) if self.mothers and like is None and chance(.004) else None
        near, around = None, None
        if like:
            h, sur = like.h, like.father.family if like.father else like.family
            near = like.homes[-1][0].street if chance(.2) else None
        if mum:
            h, around = mum.h, mum.edd + R.choice((-1, 1)) * R.randrange(2, 41)
        homes = R.choices((1, 2, 3), (84, 12, 4))[0] if not like and not mum else 1
        together = homes > 1 and chance(.22 if h in ("pakistani", "bengali", "roma") else .06)
        street = homes > 1 and chance(.25)
        taken: set[str] = set()
        kids = self.household(h, sur, near=near, around=around, taken=taken)
        everyone = list(kids)
        for _ in range(homes - 1):
            d = kids[0].mother.homes[-1][0] if kids else None
            more = self.household(h, sur, first=d if together and d and not d.shared else None, near=d.street if street and d else None, taken=taken)
            for c in more + kids if together else []:
                c.mother_needed = True
            if more and kids and chance(.1) and more[0].sex == kids[0].sex and more[0].twin is None and kids[0].twin is None and abs(more[0].dob - kids[0].dob) > 200:
                more[0].given, more[0].call, more[0].strict, kids[0].strict = kids[0].given, kids[0].call, True, True  # cousins named alike
                more[0].middle = "" if more[0].middle == more[0].given else more[0].middle
            everyone += more
        for f in {c.father.id: c.father for c in everyone if c.father}.values():
            if chance(.09):
                old = [c for c in everyone if c.father is f]
                new = self.household(f.h, father=f, need=old[0].need, around=min(TODAY + 100, old[-1].dob + R.randrange(20, 2200)), taken=taken if chance(.9) else set())
                own = [c for c in new if c.father is f]
                if f.homes is old[0].mother.homes and own and not any(o.step for o in own):
                    cut = own[0].edd - 300
                    f.homes = [x for x in f.homes if x[1] < cut] + [x for x in own[0].mother.homes if x[1] >= cut]
                if own and chance(.02) and old[0].sex == own[0].sex and not own[0].twin and not old[0].twin:
                    own[0].given, own[0].call, own[0].middle = old[0].given, old[0].call, old[0].middle
                    own[0].strict = old[0].strict = True
                everyone += new
        if like and kids:
            k = R.choice(kids)
            if k.twin is None and all(o.given != like.given for o in everyone if o is not k):
                k.sex, k.given, k.call, k.family = like.sex, like.given, like.call, like.family
                k.middle = like.middle if like.call != like.given else "" if k.middle == k.given else k.middle
                for o in kids:
                    if o is not k and o.father is k.father and o.h == k.h:
                        o.family = gendered(like.family, o.sex, o.h)
                if chance(.35) and len(everyone) == 1 and like.dob < TODAY - 60:
                    shift = like.dob + R.choice((-1, 1)) * R.randrange(1, 41) - k.dob
                    k.dob, k.edd = k.dob + shift, k.edd + shift
                    k.school, k.nursery, k.earlier_school, k.upn = (like.school if chance(.2) else R.choice(self.primaries)) if like.school else None, like.nursery, None, k.upn if like.school else ""
                    old, k.homes = k.mother.homes, self.homes(k.dob - 900, k.need, near=near)
                    k.mother.homes, k.mother.dob = k.homes, k.mother.dob + shift
                    if k.father and k.father.homes is old:
                        k.father.homes = k.homes
                elif k.school and like.school and chance(.2) and (k.school in self.primaries) == (like.school in self.primaries):
                    k.school = like.school
                k.show_unborn = k.show_unborn and k.dob > TODAY - 2370 or k.dob > TODAY
                k.mother_needed = like.mother_needed = True
        if mum and kids:
            kids[0].mother.given, kids[0].mother.family = mum.mother.given, mum.mother.family
            kids[0].show_unborn = True
        mothers: dict[int, list[Child]] = defaultdict(list)
        fathers: dict[int, list[Child]] = defaultdict(list)
        for c in everyone:
            mothers[c.mother.id].append(c)
            if c.father:
                fathers[c.father.id].append(c)
        for c in everyone:
            c.sibs = [o for o in mothers[c.mother.id] if o is not c]
            c.halves = [o for o in fathers[c.father.id] if o.mother is not c.mother] if c.father else []
        return everyone

    # -- which records there are
    def agencies(self, c: Child) -> list[tuple[str, str]]:
        city, age, need = CITY.lower(), (TODAY - c.dob) / 365.25, c.need
        slug = lambda s: re.sub("[^a-z]+", "-", s.lower().replace("'", "")).strip("-")
        w: list[tuple[str, str, float]] = [(slug(self.gps[c.gp]), "gp-a" if c.gp % 2 else "gp-b", 10), (f"{city}-{'royal' if c.gp % 3 else 'general'}-hospital", "hospital", 4)]
        if not c.dead:
            w += [(f"{city}-0-19-service", "health-visiting", 6 if age < 6 else 2), (f"{city}-early-help", "early-help", (.4, 2.5, 4)[need])]
            w += [(f"{city}-camhs", "camhs", (.5, 1.5, 2)[need])] if age > 5 else []
            w += [(slug(c.school), "school", 9)] if c.school else []
            w += [(slug(c.earlier_school), "school", 2.5)] if c.earlier_school else []
            w += [(slug(c.nursery), "nursery", 4)] if c.nursery else []
            w += [(f"{city}-homes", "housing", 4)] if c.tenant else []
            w += [(f"{city}-womens-aid", "refuge", 1.2)] if need == 2 and not c.carer else []
            w += [(f"{city}-youth-justice", "youth-justice", 1.2)] if need == 2 and age > 11 else []
            w += [(f"{city}-police", "police", (.6, 2.2, 5)[need])]
        w += [(f"{city}-maternity", "maternity", 2)] if age < 7 else []
        w += [(f"{city}-childrens-social-care", "social-care", (.3, 1.8, 7)[need])]
        k = R.choices((1, 2, 3, 4), (15, 30, 33, 22))[0] if need == 0 else R.choices((2, 3, 4, 5, 6), (15, 30, 28, 17, 10))[0] if need == 1 else R.choices((4, 5, 6, 7, 8), (20, 27, 25, 18, 10))[0]
        ranked = sorted(w, key=lambda x: R.random() ** (1 / x[2]), reverse=True)
        return [(a, kind) for a, kind, _ in ranked[:k]]

    def record_id(self, agency: str, kind: str) -> str:
        self.rec_no[agency] += 1
        n = self.rec_no[agency] * 3_141_593 % 10 ** 7
        return {"school": f"{n % 10 ** 6:06d}", "police": f"N/{n:07d}", "hospital": f"RMH{n:07d}", "social-care": f"{n:07d}"}.get(kind, f"{kind[:2].upper()}{n:07d}")

    def emit_extended_family(self) -> None:
        people = self.extended_family()
        plan: list[tuple[Child, str, str, str, bool]] = []
        ids: dict[tuple[str, int], str] = {}
        for c in people:
            unborn_only = c.dob > TODAY or c.lost
            if c.show_unborn:
                options = [(f"{CITY.lower()}-maternity", "maternity"), (f"{CITY.lower()}-childrens-social-care", "social-care"), (f"{CITY.lower()}-0-19-service", "health-visiting"), (f"{CITY.lower()}-early-help", "early-help")]
                for a, kind in R.sample(options, R.choices((1, 2, 3, 4), (35, 38, 20, 7))[0]):
                    plan.append((c, a, kind, self.record_id(a, kind), True))
            before = {a for x, a, *_ in plan if x is c}
            for a, kind in [] if unborn_only else self.agencies(c):
                if a not in before and len(before) >= 8:
                    continue
                before.add(a)
                rid = self.record_id(a, kind)
                ids[a, c.id] = rid
                plan.append((c, a, kind, rid, False))
                if error_occurs(HABITS[kind].again):
                    plan.append((c, a, kind, self.record_id(a, kind), False))
        refs: dict[tuple[str, int], str] = {}
        done: dict[int, Child] = {}
        room = self.target - self.emitted
        need_mother = {c.id for c in people if c.mother_needed}
        for c, agency, kind, rid, unborn in plan[:room]:
            force = c.id in need_mother and not unborn
            need_mother.discard(c.id if force else -1)
            subject, verdict, strength = self.record(c, agency, kind, rid, unborn, ids, refs, force)
            self.write(c, agency, kind, subject, unborn, verdict, strength)
            done[c.id] = c
            if error_occurs(.03) and self.emitted < self.target:
                if chance(.5):
                    subject, verdict, strength = self.record(c, agency, kind, rid, unborn, ids, refs, False)
                self.write(c, agency, kind, subject, unborn, verdict, strength)
        self.assign_families(list(done.values()))

    def write(self, c: Child, agency: str, kind: str, subject: dict[str, Any], unborn: bool, verdict: str, strength: int) -> None:
        if self.emitted >= self.target:
            return
        place = self.order[self.emitted]
        sid = f"s{place + 1:07d}"
        self.emitted += 1
        events = [{"date": date.fromordinal(R.randrange(max(TODAY - 900, c.dob if not unborn else c.edd - 180), TODAY + 1)).isoformat(), "text": R.choice(EVENTS[kind[:2]])}] if kind[:2] in EVENTS and chance(.12) and not c.dead and (not unborn or c.edd - 180 < TODAY) and not (unborn and kind == "early-help") and not (not unborn and c.dob > TODAY) and not (unborn and kind != "social-care") else []
        self.lines[place] = json.dumps({"submission": sid, "agency": agency, "agency_kind": {"gp-a": "gp", "gp-b": "gp"}.get(kind, kind), "subject": subject, "events": events}, ensure_ascii=False)
        self.truth_children[sid] = c.id
        if unborn:
            self.unborn.append(sid)
        if verdict:
            self.unknowable.append([sid, verdict])
        elif strength == 0:
            self.weak.append((sid, (fold(c.given), fold(c.family)), c.dob, c.id))

    # -- truth of families
    def assign_families(self, kids: list[Child]) -> None:
        """Groups siblings by what the records show: the mother's name, the home, a case number or a named sibling."""
        here = {c.id for c in kids}
        sets: list[tuple[str, set[int]]] = []
        part: dict[int, int] = {}
        for key, who in (("m", lambda c: c.mother.id), ("f", lambda c: c.father.id if c.father else None)):
            by: dict[int, list[Child]] = defaultdict(list)
            for c in kids:
                if who(c) is not None:
                    by[who(c)].append(c)
            for pid, members in by.items():
                ties: dict[Any, set[int]] = {}
                for c in members:
                    own = {h for h in c.sibling_evidence if not isinstance(h, Dwelling) or not h.shared and not c.mother_needed} if key == "m" else {("part", part[c.id])} | ({"father"} if c.seen_father else set()) | {h if isinstance(h, tuple) else ("home", h) for h in c.sibling_evidence if isinstance(h, tuple) or isinstance(h, Dwelling) and not h.shared and not c.mother_needed}
                    joined = {c.id}
                    for h in own | {("child", c.id)}:
                        joined |= ties.get(h, set())
                    for h in own | {("child", c.id)}:
                        ties[h] = joined
                    for k, v in list(ties.items()):
                        if v & joined:
                            ties[k] = joined
                groups = {min(v & here): v & here for v in ties.values() if v & here}
                for n, g in enumerate(sorted(groups.values(), key=min)):
                    if key == "m":
                        part.update({i: min(g) for i in g})
                    if len(g) > 1:
                        sets.append((f"{key}{pid}" + (f"-{n}" if n else ""), g))
        keep = [(n, s) for i, (n, s) in enumerate(sets) if not any(s < t or (s == t and j < i) for j, (_, t) in enumerate(sets) if j != i)]
        for c in kids:
            self.families[f"c{c.id}"] = [n for n, s in keep if c.id in s] or [f"own{c.id}"]
            if c.twin and c.twin_no == 1 and c.twin in kids:
                self.twin_pairs.append([f"c{c.id}", f"c{c.twin.id}"])
            self.index[fold(c.given), fold(c.family)].append((c.dob, c.id))
            if c.dob < TODAY and c.twin is None and not c.dead and not c.lost and chance(.2):
                if len(self.pool) < 4000:
                    self.pool.append(c)
                else:
                    self.pool[R.randrange(4000)] = c
            if c.show_unborn and c.twin is None and len(self.mothers) < 4000:
                self.mothers.append(c)
        for c in kids:
            c.sibs, c.halves, c.twin = [], [], c.twin and c  # releases the family's memory

    # -- one record
    def record(self, c: Child, agency: str, kind: str, rid: str, unborn: bool, ids: dict[tuple[str, int], str], refs: dict[tuple[str, int], str],
               force_mother: bool) -> tuple[dict[str, Any], str, int]:
        """The subject, why it cannot be placed (or ""), and its strength: 0 = only name and birthday."""
        hb = HABITS[kind]
        sub: dict[str, Any] = {"kind": "child" if not unborn or chance(.7) else "unborn", "id": rid}
        t = c.edd - R.randrange(10, 150) if unborn else c.dob + R.randrange(0, 9) if kind == "maternity" else TODAY if chance(.72) else R.randrange(c.dob, TODAY + 1)
        t = min(c.dead or t, t, TODAY)
        if kind in ("police", "social-care", "early-help", "youth-justice", "camhs") and not unborn:
            t = max(t, min(c.dob + 30, TODAY))
        strength = 0
        baby = kind == "maternity" and not unborn and chance(.55)
        # identifiers first, because they decide how much else is needed
        own_id = self.numbers(sub, c, hb, kind, unborn, baby)
        strength += own_id
        dob = 2.0
        if not unborn:
            dob = self.birthday(sub, c, hb, kind)
            if dob < 2 and not own_id and not baby:
                t = c.dead or TODAY  # then at least the address agrees with other records
        elif c.sibs or not error_occurs(.015):
            sub["expected_on"] = self.day(c.edd + (R.randrange(-7, 8) if error_occurs(.12) else 0), hb.dates)
        given_ok, family_ok = self.names(sub, c, hb, kind, unborn, baby, dob == 2, t)
        if not unborn or chance(.15):
            if not error_occurs(.04):
                sex = ("m" if c.sex == "f" else "f") if error_occurs(.006) else c.sex
                sub["sex"] = ({"m": "1", "f": "2"} if hb.case == "upper" else {"m": "M", "f": "F"} if kind == "police" else {"m": "Male", "f": "Female"} if hb.dates == "slash" else {"m": "male", "f": "female"})[sex]
            elif chance(.5):
                sub["sex"] = R.choice(("U", "not known", "N/K"))
        home = 0
        if not error_occurs(hb.no_addr) or unborn:
            home = self.addresses(sub, c, hb, kind, t)
        kin = self.relations(sub, c, agency, hb, kind, unborn, ids, force_mother or baby, t)
        score = lambda: 3 * (own_id > 0) + given_ok + family_ok + dob + home + kin
        least = 3.5 if not given_ok else 3
        if not unborn and (score() < least and chance(.85) or c.strict and dob < 2 and not own_id):
            home = home or self.addresses(sub, c, hb, "gp-a", t)
            kin = max(kin, self.relations(sub, c, agency, hb, kind, unborn, ids, True, t))
            if c.strict or not given_ok:
                sub["born_on"], dob = self.day(c.dob, hb.dates), 2.0
        if R.random() < hb.refs and (kind != "housing" or c.tenant):
            key = (agency, c.mother.id)
            refs.setdefault(key, c.tenant if kind == "housing" else f"{kind[0].upper()}F{R.randrange(10 ** 7):07d}")
            sub["family_reference"] = refs[key]
            c.sibling_evidence.add(agency)
            kin += 1
        if not unborn and c.school and kind in ("police", "social-care", "early-help", "camhs", "youth-justice", "health-visiting") and chance(.35):
            sub["school"] = c.school
        elif kind == "school":
            sub["school"] = c.school if chance(.2) else None
        if kind in ("hospital", "health-visiting", "social-care", "camhs") and chance(.35):
            sub["gp"] = self.gps[c.gp]
        verdict = ""
        if unborn and c.twin:
            verdict = "" if own_id else "either unborn twin"
        elif not given_ok and c.twin and not own_id:
            verdict = "no given name: either twin"
        elif not unborn and score() < least:
            verdict = "too little to tell: " + ("no given name" if not given_ok else "no birthday, home or kin")
        elif unborn and not home and not kin:
            verdict = "unborn, without home or mother"
        return {k: v for k, v in sub.items() if v not in (None, "", [])}, verdict, strength + home + (1 if kin else 0)

    def day(self, d: int, style: str) -> str:
        x = date.fromordinal(d)
        if style == "iso" or chance(.02):
            return x.isoformat()
        if style == "slash":
            return f"{x.day:02d}/{x.month:02d}/{x.year}"
        return f"{x.day} {x:%B} {x.year}" if style == "words" else f"{x.day:02d}-{x:%b}-{x.year}"

    def numbers(self, sub: dict[str, Any], c: Child, hb: Habit, kind: str, unborn: bool, baby: bool) -> int:
        ok = 0
        if unborn:
            if error_occurs(.02):
                sub["nhs_number"] = R.choice(("Unborn", "not yet allocated", "awaiting"))
            return 0
        if chance(hb.nhs) or baby and c.twin:
            n = c.nhs
            if error_occurs(.012) and not (baby and c.twin):
                n = R.choice(("NOT KNOWN", "Pending", "9.99E+09", "awaiting", "UNKNOWN", "0000000000", "n/a"))
            elif error_occurs(.005):
                i = R.randrange(3, 10)
                n = n[:i] + str((int(n[i]) + R.randrange(1, 10)) % 10) + n[i + 1:]
            elif error_occurs(.004) and c.sibs and not c.strict:
                n = R.choice(c.sibs).nhs
            else:
                ok = 1
            sub["nhs_number"] = f"{n[:3]} {n[3:6]} {n[6:]}" if n.isdigit() and hb.case in ("upper", "family") and chance(.7) else n
        if c.upn and chance(hb.upn):
            u = c.upn
            if error_occurs(.005):
                i = R.randrange(4, 12)
                u = u[:i] + str(R.randrange(10)) + u[i + 1:]
            elif error_occurs(.003) and any(s.upn for s in c.sibs):
                u = R.choice([s.upn for s in c.sibs if s.upn])
            elif error_occurs(.004):
                u = R.choice(("TBC", "not known"))
            ok = ok or int(u == c.upn)
            sub["upn"] = u
        return ok

    def birthday(self, sub: dict[str, Any], c: Child, hb: Habit, kind: str) -> float:
        """Writes born_on. Returns 2 for a correct date, 0.9 for an error, 0.5 for the year, 0 for a missing or wrong one."""
        if error_occurs(hb.no_dob):
            return 0
        x, d, worth = date.fromordinal(c.dob), c.dob, 2.0
        if error_occurs(.008) and x.day <= 12 and x.day != x.month and date(x.year, x.day, x.month).toordinal() <= TODAY:
            d = date(x.year, x.day, x.month).toordinal()
        elif error_occurs(.008):
            for _ in range(9):
                try:
                    y = x.replace(day=R.choice((x.day // 10 * 10 + R.randrange(10), (x.day + 10) % 40 or 1))) if chance(.7) else x.replace(month=R.randrange(1, 13))
                    d = y.toordinal()
                except ValueError:
                    continue
                if d != c.dob and d <= TODAY:
                    break
                d = c.dob
        elif error_occurs(.004):
            y = x.year + R.choice((-1, 1, -1, -10, 10))
            d = date(y, x.month, min(x.day, 28)).toordinal() if date(y, x.month, min(x.day, 28)).toordinal() <= TODAY else d - 365
        elif error_occurs(.024 if kind == "police" else .006 if c.h not in REFUGEE else .02):
            d, worth = date(x.year, 1, 1).toordinal(), .5
        elif error_occurs(.0015) and c.sibs and R.choice(c.sibs).dob <= TODAY and not c.strict:
            d, worth = min(c.sibs[0].dob, TODAY), 0
        elif kind == "police" and error_occurs(.02):
            sub["born_on"] = str(x.year)
            return .5
        sub["born_on"] = self.day(d, hb.dates)
        return 2.0 if d == c.dob else min(worth, .9)

    def names(self, sub: dict[str, Any], c: Child, hb: Habit, kind: str, unborn: bool, baby: bool, dob_ok: bool, t: int) -> tuple[int, int]:
        """Writes the names as the agency does. Returns whether the given and the family name are still recognisable."""
        m = c.mother
        style = lambda s, fam=False: plain(s).upper() if hb.case == "upper" else plain(s).upper() if fam and hb.case == "family" else s if hb.case == "title" and chance(.6) else plain(s)
        if unborn or baby:
            fam = m.family if not error_occurs(.05) else m.maiden
            mum = m.given.split()[-1]
            if unborn:
                given = R.choice(("Unborn", "Unborn", "Unborn Baby", "Baby", f"Baby of {mum}", f"Unborn {fam}", f"Unborn child of {mum}", "UNBORN"))
                given = given if not c.twin else R.choice((f"Unborn Twin {c.twin_no}", f"Twin {c.twin_no}", "Unborn twin"))
            else:
                given = R.choice(("Baby", "Baby Boy" if c.sex == "m" else "Baby Girl", f"Baby of {mum}", "Infant")) if not c.twin else f"Twin {c.twin_no}"
            sub["given"], sub["family"] = style(given), style(self.spell(fam, hb.slips), True)
            return (1, 1) if unborn else (0, 1)
        family, family_ok = c.family, 1
        if error_occurs(.22) and "-" in family and not family.startswith(("Al-", "Abdul")):
            family = R.choice(family.split("-"))
        elif "-" in family and error_occurs(.2):
            family = family.replace("-", " ") if chance(.8) else family.replace("-", "")
        elif c.step and error_occurs(.12 if kind in ("school", "nursery") else .04):
            family, family_ok = gendered(c.step.family, c.sex, c.h), 0
        elif c.former and error_occurs(.3 if t >= TODAY - 400 else .6):
            family, family_ok = c.former, 0
        elif error_occurs(.035) and m.family != family:
            family, family_ok = m.family, 0
        elif error_occurs(.025) and c.father and c.father.family != family:
            family, family_ok = c.father.family, 0
        given, middle, given_ok = c.given, c.middle, 1
        if c.call != c.given:  # Mohammed Ali, called Ali
            drop = error_occurs(.22 if c.given == "Mohammed" else .4 if kind not in HEALTH else .08)
            if drop:
                given, middle = c.call, ""
            elif chance(.5):
                given, middle = f"{c.given} {c.middle}", ""
        elif error_occurs(.012) and middle and c.h == "english":
            given, middle = middle, ""
        if given.split()[-1] in NICK and error_occurs(hb.nick * 1.4):
            given = R.choice(NICK[given.split()[-1]])
        if middle and not (c.given == "Mohammed" and c.call == middle):
            middle = middle[0] if error_occurs(.08) else "" if chance(.55 if kind not in HEALTH else .25) else middle
        given, family = self.spell(given, hb.slips), self.spell(family, hb.slips)
        if error_occurs(.005 * hb.slips) and c.call == c.given:
            given = given[0]
            given_ok = 1
        if error_occurs(.004):
            given, middle, given_ok = "" if chance(.6) else R.choice(("Child", "Unknown", "Sibling", "Boy" if c.sex == "m" else "Girl")), "", 0
        rivals = c.sibs if not dob_ok else ([c.twin] if c.twin else [])
        if given_ok and rivals and any(self.confusable(f"{given} {middle}", c, o) for o in rivals):
            given, middle = c.given, c.middle
        one = R.random() / max(SCALE, 1e-9)
        if one < (.007 if c.h in ("english", "irish", "caribbean") else .02) and given_ok:
            given, family = family, given
        elif one < .026 and one > .02 and given_ok:
            given, family = (f"{family.upper()}, {given}" if chance(.3) else f"{given} {family}"), "" if chance(.8) else family
        sub["given"] = style(given.strip())
        if middle and kind in ("gp-b", "social-care", "police") and chance(.5):
            sub["given"] += " " + style(middle)
        else:
            sub["middle"] = style(middle) if middle else None
        sub["family"] = style(family, True)
        if kind in ("school", "nursery", "social-care", "early-help", "gp-a", "refuge", "camhs"):
            short = c.call if c.call != c.given and fold(c.call) != fold(given) else R.choice(NICK[c.given]) if c.given in NICK and NICK[c.given] else ""
            if short and chance(.3) and fold(short) != fold(given) and not (c.twin and self.confusable(short, c, c.twin)):
                sub["known_as"] = [short]
        others = [x for x in (c.former, c.step and c.step.family, m.family) if x and x != c.family and fold(x) != fold(family)]
        if kind in ("social-care", "police", "gp-a") and others and chance(.22):
            sub["names"] = [f"{c.given} {R.choice(others)}"]
        elif not family_ok and chance(.25) and kind in ("social-care", "school", "youth-justice"):
            sub["names"] = [{"given": c.given, "family": c.family}]
        return given_ok, family_ok

    def spell(self, s: str, slips: float) -> str:
        """Another spelling or a typing error, word by word."""
        words = s.split(" ")
        for i, w in enumerate(words):
            if w in SPELL and SPELL[w] and error_occurs(.08):
                words[i] = R.choice(SPELL[w])
            elif w.startswith("Al-") and error_occurs(.25):
                words[i] = R.choice(("El-", "Al ", "Al", "")) + w[3:]
            elif w.startswith(("O'", "Mc", "Mac")) and error_occurs(.15) and len(w) > 5:
                words[i] = w.replace("O'", R.choice(("O", "O ", "O’"))).replace("Mac", "Mc") if w[0] == "O" or w[:3] == "Mac" else w.replace("Mc", R.choice(("Mac", "Mc ")))
            elif error_occurs(.017 * slips):
                words[i] = add_typo(w)
        return " ".join(words)

    def confusable(self, written: str, own: Child, other: Child) -> bool:
        """Whether the written name is at least as close to the other child's name as to its own."""
        def near(w: str, p: Child) -> float:
            words = {fold(x) for n in (p.given, p.middle, p.call) if n for x in [n] + NICK.get(n, []) + SPELL.get(n, [])}
            return max((difflib.SequenceMatcher(None, w, x).ratio() if len(w) > 1 else float(x[:1] == w) for x in words if x), default=0.0)
        words = [fold(w) for w in written.split() if fold(w)]
        if not words or other.lost or not other.given:
            return not words
        return sum(near(w, other) for w in words) >= sum(near(w, own) for w in words) - .12

    def addresses(self, sub: dict[str, Any], c: Child, hb: Habit, kind: str, t: int) -> int:
        """Writes the home as the agency knew it at t, and some former ones. Returns 1 if a home of the child is among them."""
        lived = [x for x in c.homes if x[1] <= t] or c.homes[:1]
        lived = [x for x in lived if x[2] > (c.dob if t > c.dob else t) - 200][-6:] or lived[-1:]
        if kind == "police" and error_occurs(.12):
            sub["addresses"] = [self.address(self.dwelling(), hb)]  # where it happened
            return 0
        c.sibling_evidence.add(lived[-1][0])
        out = [self.address(lived[-1][0], hb)]
        stay = lived[-1]
        if hb.history and chance(hb.history):
            exact = R.choice(("day", "month", "year", "none"))
            when = lambda d: {"day": date.fromordinal(d).isoformat(), "month": f"{date.fromordinal(d):%Y-%m}", "year": str(date.fromordinal(d).year)}.get(exact)
            if isinstance(out[0], dict) and when(stay[1]):
                out[0]["from"] = when(stay[1])
            for d, a, b in reversed(lived[:-1]):
                old = self.address(d, hb)
                c.sibling_evidence.add(d)
                if isinstance(old, dict) and exact != "none":
                    old.update({"from": when(a), "until": when(b)} if chance(.8) else {"until": when(b)})
                out.append(old)
        if c.father and c.father.homes and c.father.homes is not c.mother.homes and kind in ("school", "social-care", "police", "early-help") and chance(.1):
            out.append(self.address(c.father.homes[-1][0], hb))
            c.sibling_evidence.add(("home", c.father.homes[-1][0]))
        sub["addresses"] = out
        return 1

    def address(self, d: Dwelling, hb: Habit) -> Any:
        street = d.street
        if chance(.3):
            street = street.replace("Street", R.choice(("St", "St."))).replace("Road", "Rd").replace("Avenue", R.choice(("Ave", "Av"))).replace("Terrace", "Terr").replace("Crescent", "Cres").replace("Close", "Cl").replace("Gardens", "Gdns")
        if error_occurs(.03):
            street = add_typo(street)
        flat = R.choice(("Flat {}", "Flat {}", "Apt {}", "FLAT {}", "{}")).format(d.flat) if d.flat else ""
        front = f"{d.number}{R.choice((' ', ' ', ' ', ', '))}{street}"
        if d.building and chance(.25):
            front = street  # the name of the block replaces a number
        if flat.isdigit():
            front, flat = (f"{flat}/{front}", "") if not d.building else (front, f"{flat}")
        name = f"{flat} {d.building}".strip() if flat.isdigit() else ", ".join(x for x in (flat, d.building) if x)
        parts = [x for x in (name, front) if x] + ([d.area] if chance(.5) else []) + ([CITY] if chance(.6) else [])
        parts = [p.upper() for p in parts] if hb.case == "upper" or chance(.05) else parts
        code: Optional[str] = d.postcode
        if error_occurs(.06):
            code = None
        elif error_occurs(.01):
            code = code[:-1] + R.choice("ABDEFGHJLNPQRSTUWXYZ")
        elif chance(.15):
            code = code.replace(" ", "")
        elif chance(.03):
            code = code.lower()
        if chance(.04):
            return ", ".join(parts + ([code] if code else []))
        out: dict[str, Any] = {"lines": parts if hb.dates == "iso" and chance(.5) else ", ".join(parts)}
        if code:
            out["postcode"] = code
        return out

    def relations(self, sub: dict[str, Any], c: Child, agency: str, hb: Habit, kind: str, unborn: bool, ids: dict[tuple[str, int], str], force: bool, t: int) -> float:
        """Writes the relatives in the record. Returns their value as evidence: 1 for the mother, 0.5 for others."""
        out: list[dict[str, Any]] = list(sub.get("relations", []))
        named = 0.0
        have = {r["kind"] for r in out}
        m, plainly = c.mother, hb.dates in ("slash", "words")
        mother_word, father_word = ("mother_of", "father_of") if not plainly else (R.choice(("Mother", "Mum")), R.choice(("Father", "Dad")))
        if not have & {"mother_of", "Mother", "Mum"} and (chance(hb.mum) or force or unborn):
            r = self.kin(mother_word, m, hb, force or unborn)
            if unborn or kind == "maternity":
                if chance(.75):
                    r["nhs_number"] = m.nhs
            out.append(r)
            if len(r.get("given", "")) > 1 and r["given"] != "Mum" and "family" in r:
                named += 1
                if c.homes is m.homes or "born_on" in r or "nhs_number" in r:
                    c.sibling_evidence.add("mother")
        if not out[1:] and c.father and chance(hb.dad * (.5 if unborn else 1) * (.55 if c.homes is not c.father.homes else 1)) and not have & {"father_of", "Father", "Dad"}:
            r = self.kin(father_word, c.father, hb, False, .3 if c.halves else 0)
            out.append(r)
            if r.get("given") and r.get("given") not in ("Dad", "Father"):
                named += .5
                c.seen_father |= "born_on" in r
        if c.step and chance(hb.dad * .3) and not have:
            wrong = error_occurs(.06)
            out.append(self.kin(father_word if wrong else R.choice(("step_parent_of", "male_carer_of", "partner_of")) if not plainly else "Stepfather", c.step, hb, False))
        if c.carer and chance(.7) and not unborn and not have:
            out.append(self.kin("female_carer_of" if c.carer.sex == "f" else "male_carer_of", c.carer, hb, False))
        alive = [s for s in c.sibs if not s.lost and s.dob <= t]
        for s in (alive if chance(hb.sib) and not have else []):
            if chance(.85):
                half = s.father is not c.father and chance(.5)
                r = {"kind": "twin_of" if s is c.twin and chance(.4) else "half_sibling_of" if half else "sibling_of" if not plainly else ("Brother" if s.sex == "m" else "Sister"), "given": self.spell(s.call if chance(.6) else s.given, hb.slips)}
                if fold(s.given) == fold(c.given) and not c.dead:
                    r["given"] = s.given
                if chance(.65):
                    r["family"] = self.spell(s.family, hb.slips)
                if chance(hb.kin_dob):
                    r["born_on"] = self.day(s.dob, hb.dates)
                if (agency, s.id) in ids and chance(hb.refs):
                    r["id"] = ids[agency, s.id]
                out.append(r)
                named += .5
                c.sibling_evidence.add(("child", s.id))
        for s in (c.halves if chance(hb.sib * .9) and not unborn and not have else []):
            if s.dob <= t and not s.lost and chance(.85):
                r = {"kind": "half_sibling_of" if not plainly else ("half-brother" if s.sex == "m" else "half-sister"), "given": self.spell(s.call, hb.slips), "family": self.spell(s.family, hb.slips)}
                if chance(.6) or s.strict:
                    r["born_on"] = self.day(s.dob, hb.dates)
                if "born_on" in r:
                    c.sibling_evidence.add(("child", s.id))
                out.append(r)
        if chance(.03) and not have and kind != "maternity":
            g = m.parent = m.parent or self.adult("f", m.h, m.dob, m.maiden)
            out.append(self.kin("grandparent_of" if not plainly else "Grandmother", g, hb, False))
        sub["relations"] = out
        return named

    def kin(self, word: str, a: Adult, hb: Habit, full: bool, more: float = 0) -> dict[str, Any]:
        """An adult as named in a child's record, with errors."""
        given, family = a.given, a.family if not error_occurs(.1) else a.maiden
        if given in NICK and error_occurs(.12):
            given = R.choice(NICK[given])
        elif given.startswith("Mohammed ") and error_occurs(.3):
            given = given.split()[1] if chance(.7) else given
        given, family = self.spell(given, hb.slips), self.spell(family, hb.slips)
        r: dict[str, Any] = {"kind": word, "given": given, "family": family}
        if not full:
            if error_occurs(.04):
                r["given"] = None if chance(.5) else given[0]
            if error_occurs(.05):
                r["family"] = None
            elif error_occurs(.008):
                r["given"], r["family"] = r["family"], r["given"]
            if error_occurs(.006):
                r["given"] = {"Mother": "Mum", "Father": "Dad"}.get(word, "Mum" if a.sex == "f" else "Dad")
        if hb.case == "upper":
            r.update({k: plain(r[k]).upper() for k in ("given", "family") if r[k]})
        if chance(hb.kin_dob + more):
            d = a.dob if not error_occurs(.015) else a.dob + R.choice((1, -1, 10, 30, 365))
            r["born_on"] = self.day(d, hb.dates)
        return {k: v for k, v in r.items() if v}

    def finish(self, folder: str) -> None:
        for sid, key, dob, cid in self.weak:
            if any(d == dob and i != cid for d, i in self.index[key]):
                self.unknowable.append([sid, "another child of the same name and birthday, and nothing else in the record"])
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "submissions.ndjson"), "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in self.lines)
        truth = {"children": {s: f"c{c}" for s, c in self.truth_children.items()}, "families": self.families, "twins": self.twin_pairs, "unborn": self.unborn, "unknowable": self.unknowable}
        with open(os.path.join(folder, "truth.json"), "w", encoding="utf-8") as out:
            json.dump(truth, out)


def main() -> None:
    global SCALE
    p = argparse.ArgumentParser(description="Invented children's records of an invented city")
    p.add_argument("--submissions", type=int, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--errors", type=float, default=100)
    p.add_argument("--twins", type=int, default=None, help="make this many pairs of twins (else 1.5 %% of births)")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    R.seed(a.seed)
    SCALE = a.errors / 100
    city = City(a.submissions, a.twins)
    while city.emitted < city.target:
        city.emit_extended_family()
    city.finish(a.out)
    n = len(set(city.truth_children.values()))
    print(f"{city.emitted} records, {n} children ({city.emitted / max(1, n):.2f} each), {len(city.twin_pairs)} pairs of twins, {len(city.unborn)} before birth, {len(city.unknowable)} unknowable", file=sys.stderr)
    if a.twins and len(city.twin_pairs) < a.twins:
        print(f"only {len(city.twin_pairs)} of {a.twins} pairs fit: ask for more submissions", file=sys.stderr)


if __name__ == "__main__":
    main()
